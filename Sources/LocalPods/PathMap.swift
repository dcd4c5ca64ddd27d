// SPDX-License-Identifier: Apache-2.0

/// Paths of a container, and where they are on this machine.
package struct PathMap: Sendable, Equatable {
    /// Absolute folder that stands for the root of the container's file system.
    package var root: String
    /// Absolute paths of the container that are below the root; all others are this machine's own.
    package private(set) var prefixes: Set<String> = []
    /// Paths of the container that are somewhere else on this machine: `hostPath` volumes.
    private var elsewhere: [String: String] = [:]

    package init(root: String) { self.root = root }

    package mutating func add(_ path: String) {
        let path = Self.normal(path)
        if path != "/" { prefixes.insert(path) }
    }

    package mutating func add(_ path: String, at place: String) { elsewhere[Self.normal(path)] = place }

    /// Where a path of the container is; nil when it is this machine's own.
    package func local(_ path: String) -> String? {
        let path = Self.normal(path)
        let hosts = elsewhere.keys.filter { Self.contains($0, path) }
        if let host = hosts.max(by: { $0.count < $1.count }), let place = elsewhere[host] {
            return place + path.dropFirst(host.count)
        }
        return prefixes.contains { Self.contains($0, path) } ? root + path : nil
    }

    /// A text in which paths of the container are replaced: alone, behind `=`, and in lists with `:` or `,`.
    package func translated(_ text: String) -> String {
        guard text.contains("/") else { return text }
        var result = ""
        var rest = text[...]
        while let slash = rest.firstIndex(of: "/") {
            let before = slash == text.startIndex ? nil : text[text.index(before: slash)]
            let end = rest[slash...].firstIndex { " :,;\"'=".contains($0) } ?? rest.endIndex
            result += rest[..<slash]
            let path = String(rest[slash..<end])
            let isStart = before.map { " :,;\"'=".contains($0) } ?? true
            // `//` follows the colon of a URL.
            result += isStart && !path.hasPrefix("//") ? local(path) ?? path : path
            rest = rest[end...]
        }
        return result + rest
    }

    /// Whether a text names something at or below the path.
    package static func mentions(_ text: String, _ path: String) -> Bool {
        guard let range = text.firstRange(of: normal(path)) else { return false }
        return range.upperBound == text.endIndex || !text[range.upperBound].isLetter
    }

    static func contains(_ folder: String, _ path: String) -> Bool {
        path == folder || path.hasPrefix(folder + "/")
    }

    /// Without a slash at its end, and without `.` and `..`: nothing of a manifest leads out of the root.
    package static func normal(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
