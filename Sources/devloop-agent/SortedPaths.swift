// SPDX-License-Identifier: Apache-2.0

/// Paths that are looked up often.
struct SortedPaths {
    private let paths: [Bytes]

    init(_ paths: [Bytes]) { self.paths = paths.sorted(by: precedes) }

    func contains(_ path: Bytes) -> Bool {
        let index = position(of: path)
        return index < paths.count && paths[index] == path
    }

    /// True when some path is inside this folder.
    func hasAny(below folder: Bytes) -> Bool {
        let index = position(of: folder + [0x2F])
        return index < paths.count && PathRules.isBelow(paths[index], folder)
    }

    /// True when some path is a folder that this path is inside of.
    func hasAncestor(of path: Bytes) -> Bool {
        var parent = PathRules.parent(of: path)
        while !parent.isEmpty {
            if contains(parent) { return true }
            parent = PathRules.parent(of: parent)
        }
        return false
    }

    /// The outermost of the paths that this path is inside of; nil for none.
    func outermostAncestor(of path: Bytes) -> Bytes? {
        var found: Bytes?
        var parent = PathRules.parent(of: path)
        while !parent.isEmpty {
            if contains(parent) { found = parent }
            parent = PathRules.parent(of: parent)
        }
        return found
    }

    private func position(of path: Bytes) -> Int {
        var low = 0
        var high = paths.count
        while low < high {
            let middle = (low + high) / 2
            if precedes(paths[middle], path) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
