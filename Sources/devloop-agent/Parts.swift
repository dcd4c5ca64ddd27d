// SPDX-License-Identifier: Apache-2.0

/// What is left of a set that was cut, by destination.
final class Parts {
    private var files: [StagedFile?]
    private let paths: [Bytes]

    init(_ files: [StagedFile]) {
        let sorted = files.sorted { precedes($0.entry.path, $1.entry.path) }
        self.files = sorted.map { Optional($0) }
        paths = sorted.map { $0.entry.path }
    }

    /// Those that nobody has taken.
    var rest: [StagedFile] { files.compactMap { $0 } }

    var isEmpty: Bool { !files.contains { $0 != nil } }

    /// True when there is a start of this content, of at least so many bytes.
    func has(_ entry: SetEntry, _ size: UInt64) -> Bool { position(of: entry, size) != nil }

    /// Gives the file on, once.
    func take(_ entry: SetEntry, _ size: UInt64) -> StagedFile? {
        guard let index = position(of: entry, size) else { return nil }
        defer { files[index] = nil }
        return files[index]
    }

    /// Removes those whose destination and content the set does not name.
    func keep(for entries: [SetEntry]) {
        let wanted = SortedPaths(
            entries.compactMap { entry in if case .resume = entry.content { entry.path } else { nil } })
        for index in files.indices where !wanted.contains(paths[index]) {
            files[index]?.discard()
            files[index] = nil
        }
    }

    func discard() {
        for file in rest { file.discard() }
        files = []
    }

    private func position(of entry: SetEntry, _ size: UInt64) -> Int? {
        var low = 0
        var high = files.count
        while low < high {
            let middle = (low + high) / 2
            if precedes(paths[middle], entry.path) { low = middle + 1 } else { high = middle }
        }
        guard low < files.count, let file = files[low], file.entry.path == entry.path,
            file.entry.digest == entry.digest, file.entry.size == entry.size, file.written >= size
        else { return nil }
        return low
    }
}
