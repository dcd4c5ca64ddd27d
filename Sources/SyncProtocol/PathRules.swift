// SPDX-License-Identifier: Apache-2.0

/// Which destinations are allowed. Host and agent check independently: neither trusts the other.
package enum PathRules {
    /// Why a path is refused.
    package enum Problem: UInt8, Sendable, Equatable {
        case empty
        case relative
        case containsNul
        /// A component is empty, `.` or `..`, or the path ends with a slash.
        case notNormal
        /// A component over 255 bytes, or the whole over 4,095.
        case tooLong
        /// Below /proc, /sys or /dev, or one of the agent's own files.
        case reserved
    }

    /// The folder, inside the app folder, that the agent keeps for itself: record, socket, stage.
    package static let ownFolder: [UInt8] = [0x2E, 0x64, 0x65, 0x76, 0x6C, 0x6F, 0x6F, 0x70]

    /// Nil when the path may be written. Newlines, leading dashes and bytes that are no UTF-8 are legal names.
    package static func problem(with path: [UInt8]) -> Problem? {
        guard let first = path.first else { return .empty }
        guard !path.contains(0) else { return .containsNul }
        guard first == slash else { return .relative }
        guard path.count <= 4095 else { return .tooLong }
        let components = components(of: path)
        for component in components {
            if component.isEmpty || component == [dot] || component == [dot, dot] { return .notNormal }
            if component.count > 255 { return .tooLong }
            if component.starts(with: ownFolder) { return .reserved }
        }
        for root in reservedRoots where components.first == root { return .reserved }
        return nil
    }

    /// The parts between the slashes of an absolute path; an empty one where two slashes meet or the path ends in one.
    package static func components(of path: [UInt8]) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var part: [UInt8] = []
        for byte in path.dropFirst() {
            if byte == slash {
                parts.append(part)
                part = []
            } else {
                part.append(byte)
            }
        }
        parts.append(part)
        return parts
    }

    /// True when `path` is below `folder`, not the folder itself.
    package static func isBelow(_ path: [UInt8], _ folder: [UInt8]) -> Bool {
        path.count > folder.count + 1 && path.starts(with: folder) && path[folder.count] == slash
    }

    /// The last component of a path whose parent is `folder` (empty for the root); nil when it lies elsewhere.
    package static func name(of path: [UInt8], in folder: [UInt8]) -> [UInt8]? {
        guard path.count > folder.count + 1, path[folder.count] == slash, path.starts(with: folder) else { return nil }
        let name = path[(folder.count + 1)...]
        return name.contains(slash) ? nil : [UInt8](name)
    }

    /// The path without its last component; empty for a path directly below the root.
    package static func parent(of path: [UInt8]) -> [UInt8] {
        guard let last = path.lastIndex(of: slash) else { return [] }
        return [UInt8](path[..<last])
    }

    private static let slash: UInt8 = 0x2F
    private static let dot: UInt8 = 0x2E
    /// `proc`, `sys` and `dev`.
    private static let reservedRoots: [[UInt8]] = [[0x70, 0x72, 0x6F, 0x63], [0x73, 0x79, 0x73], [0x64, 0x65, 0x76]]
}
