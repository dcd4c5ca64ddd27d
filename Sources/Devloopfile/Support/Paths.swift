// SPDX-License-Identifier: Apache-2.0

/// Arithmetic on POSIX paths as text; nothing here looks at the disk.
enum Paths {
    static func isAbsolute(_ path: String) -> Bool { path.utf8.first == UInt8(ascii: "/") }

    /// Without `.`, `..`, doubled and trailing slashes; the empty path becomes `.`.
    static func clean(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if let last = parts.last, last != ".." {
                parts.removeLast()
            } else if !isAbsolute(path) {
                parts.append(part)
            }
        }
        let body = parts.joined(separator: "/")
        return isAbsolute(path) ? "/" + body : body.isEmpty ? "." : body
    }

    /// `path` below `base`, or `path` itself when it is absolute; cleaned.
    static func resolve(_ path: String, in base: String) -> String {
        clean(isAbsolute(path) ? path : base + "/" + path)
    }

    /// Everything before the last component, cleaned; `.` for a plain name.
    static func directory(_ path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return clean(slash == path.startIndex ? "/" : String(path[..<slash]))
    }

    /// The last component; `/` for the root, `.` for the empty path.
    static func name(_ path: String) -> String {
        guard !path.isEmpty else { return "." }
        guard let last = path.split(separator: "/").last else { return "/" }
        return String(last)
    }

    /// How `path` is reached from `base`; both absolute or both relative.
    static func relative(_ path: String, to base: String) -> String {
        let target = clean(path).split(separator: "/").filter { $0 != "." }
        let start = clean(base).split(separator: "/").filter { $0 != "." }
        let common = zip(target, start).prefix { $0 == $1 }.count
        let parts = Array(repeating: Substring(".."), count: start.count - common) + target.dropFirst(common)
        return parts.isEmpty ? "." : parts.joined(separator: "/")
    }

    /// Whether `path` is `directory` or below it; both absolute and clean.
    static func isInside(_ path: String, _ directory: String) -> Bool {
        path == directory || directory == "/" || path.hasPrefix(directory + "/")
    }

    /// As a person in `directory` would type it: relative when it lies below, else as it is.
    static func display(_ path: String, from directory: String) -> String {
        isAbsolute(path) && path != directory && isInside(path, directory) ? relative(path, to: directory) : path
    }
}
