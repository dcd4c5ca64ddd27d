// SPDX-License-Identifier: Apache-2.0

import CGit2
package import DevloopCore

extension DevloopError.Code {
    /// A git repository cannot be read.
    package static let git = Self("git", exit: .workFailed)
}

/// libgit2 as a whole: started once, and one place that reads its errors.
enum GitLibrary {
    /// libgit2 counts its users; devloop is one from first use to its end.
    private static let isStarted: Bool = git_libgit2_init() > 0

    static func start() throws {
        guard isStarted else { throw DevloopError(.git, "libgit2 does not start") }
    }

    /// Throws what libgit2 says when a return code is negative. Call it at once, on the thread of the call.
    @discardableResult
    static func check(_ code: CInt, _ what: @autoclosure () -> String) throws -> CInt {
        guard code < 0 else { return code }
        let reason = git_error_last().flatMap { $0.pointee.message.map { String(cString: $0) } } ?? "error \(code)"
        throw DevloopError(.git, "\(what()): \(reason)", hint: hint(code))
    }

    private static func hint(_ code: CInt) -> String? {
        switch code {
        case GIT_EOWNER.rawValue:
            "the folder belongs to another user; git config --global --add safe.directory <folder> trusts it"
        case GIT_ELOCKED.rawValue: "another git process is at work, or has left a lock file behind"
        default: nil
        }
    }
}
