// SPDX-License-Identifier: Apache-2.0

import Glibc
import SyncProtocol

/// What a symbolic link of this machine is for a container.
enum SyncLink: Equatable {
    /// It is carried as what it is, holding this path.
    case carried([UInt8])
    /// It is left out, for this reason.
    case refused(String)

    /// Nil for what is no link.
    /// - Parameters:
    ///   - path: absolute path of the link, below `root`.
    ///   - root: absolute path of the folder that it must not leave.
    init?(_ path: String, inside root: String) {
        var buffer = [CChar](repeating: 0, count: SyncLimits.maximumLink + 1)
        let length = readlink(path, &buffer, buffer.count)
        guard length >= 0 else { return nil }
        let target = buffer[..<length].map { UInt8(bitPattern: $0) }
        switch LinkRules.problem(with: target, at: Array(path.utf8), inside: Array(root.utf8)) {
        case .absolute: self = .refused("it holds an absolute path")
        case .leaves: self = .refused("it leads out of what is synced")
        case .empty, .containsNul, .tooLong: self = .refused("the path that it holds cannot be used")
        case nil: self = Self.follow(path, target, root)
        }
    }

    /// The links on the way may lead elsewhere than their names say.
    private static func follow(_ path: String, _ target: [UInt8], _ root: String) -> SyncLink {
        guard let real = resolve(path) else {
            return .refused(errno == ELOOP ? "it leads to itself" : "it leads nowhere")
        }
        guard let realRoot = resolve(root), real == realRoot || PathRules.isBelow(real, realRoot) else {
            return .refused("it leads out of what is synced")
        }
        return .carried(target)
    }

    private static func resolve(_ path: String) -> [UInt8]? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return Array(String(cString: real).utf8)
    }
}
