// SPDX-License-Identifier: Apache-2.0

/// Which symbolic links are carried. Host and agent check independently, by the path that the link holds alone.
package enum LinkRules {
    /// Why a link is refused.
    package enum Problem: UInt8, Sendable, Equatable {
        case empty
        case absolute
        case containsNul
        /// Over 4,095 bytes.
        case tooLong
        /// It leads out of the folder that it has to stay in.
        case leaves
    }

    /// Nil when the link may be made.
    /// - Parameters:
    ///   - target: what the link holds.
    ///   - path: absolute path of the link, normal in the sense of ``PathRules``.
    ///   - root: absolute path of the folder that it must not leave; empty for the root of the file system.
    package static func problem(with target: [UInt8], at path: [UInt8], inside root: [UInt8] = []) -> Problem? {
        guard let first = target.first else { return .empty }
        guard !target.contains(0) else { return .containsNul }
        guard first != slash else { return .absolute }
        guard target.count <= SyncLimits.maximumLink else { return .tooLong }
        guard root.isEmpty || PathRules.isBelow(path, root) else { return .leaves }
        // Folders between the root and the link.
        var depth = PathRules.components(of: [UInt8](path[root.count...])).count - 1
        for part in PathRules.components(of: [slash] + target) {
            if part == [dot, dot] {
                depth -= 1
                if depth < 0 { return .leaves }
            } else if !part.isEmpty, part != [dot] {
                depth += 1
            }
        }
        return nil
    }

    private static let slash: UInt8 = 0x2F
    private static let dot: UInt8 = 0x2E
}
