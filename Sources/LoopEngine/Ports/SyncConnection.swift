// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// An open stream to the agent of one container.
package protocol SyncConnection: Sendable {
    /// Brings the container to the set; files that it has already are not sent.
    /// - Throws: `DevloopError` with code sync; the container then runs what it ran. With code `syncRun` the files are
    ///   there, and a command failed.
    func apply(_ set: SyncSet) async throws -> SyncReport
    /// Paths of the files that were synced into the container before this stream, by the container's own record.
    func recorded() async -> [String]
    /// What the agent tells by itself; ends when the stream does.
    var events: AsyncStream<SyncNotice> { get }
    func close() async
}

/// What a container should have.
package struct SyncSet: Sendable, Equatable {
    /// What the program is told when a path has changed in the container; the strongest of a set counts.
    package enum Reaction: Sendable, Equatable {
        case none
        /// By its number.
        case signal(UInt8)
        case restart
    }

    /// A path that should be gone.
    package struct Deletion: Sendable, Equatable {
        /// Absolute, in the container.
        package var path: String
        package var reaction: Reaction

        package init(path: String, reaction: Reaction = .none) {
            self.path = path
            self.reaction = reaction
        }
    }

    /// What is known of a file that belongs to the program: a library or a resource.
    package struct Companion: Sendable, Equatable {
        /// SHA-256, in hexadecimal, of the copy in the container's image; nil when it has none, or nobody knows.
        package var imageDigest: String?
        /// Whether the program finds it nowhere else than beside itself.
        package var isBeside: Bool

        package init(imageDigest: String?, isBeside: Bool) {
            self.imageDigest = imageDigest
            self.isBeside = isBeside
        }
    }

    package struct File: Sendable, Equatable {
        /// Absolute path on this machine.
        package var source: String
        /// Absolute path in the container.
        package var destination: String
        package var isExecutable: Bool
        /// The program that the container runs.
        package var isEntry: Bool
        /// For what belongs to that program: it is used only together with it, from the next start on.
        package var companion: Companion?
        package var reaction: Reaction = .none
        /// Absolute path on this machine that the rule names which brings the file; links must not leave it. Nil for what
        /// belongs to the program: there links are followed.
        package var root: String?
        /// SHA-256 of what was built, in hexadecimal; nil when nobody knows.
        package var digest: String?

        package init(
            source: String, destination: String, isExecutable: Bool, isEntry: Bool, companion: Companion? = nil
        ) {
            self.source = source
            self.destination = destination
            self.isExecutable = isExecutable
            self.isEntry = isEntry
            self.companion = companion
        }
    }

    package var files: [File]
    package var deletions: [Deletion]
    /// Start the process again even if its executable stays the same.
    package var restarts: Bool
    /// Commands to run in the container after the commit.
    package var commands: [[String]]
    /// Take the set back when the program ends at once after it.
    package var rollsBack = false

    package var isEmpty: Bool { files.isEmpty && deletions.isEmpty }

    package init(files: [File], deletions: [Deletion] = [], restarts: Bool = false, commands: [[String]] = []) {
        self.files = files
        self.deletions = deletions
        self.restarts = restarts
        self.commands = commands
    }

    /// What the program is told after these paths of the container have changed: whether it starts again, and the
    /// signals that it gets, each once.
    package func reactions(to changed: Set<ExactPath>) -> (restarts: Bool, signals: [UInt8]) {
        let all =
            files.filter { !$0.isEntry && $0.companion == nil && changed.contains(ExactPath($0.destination)) }
            .map(\.reaction) + deletions.filter { changed.contains(ExactPath($0.path)) }.map(\.reaction)
        let isChanged = restarts && !changed.isEmpty
        let signals = Set(all.compactMap { if case .signal(let number) = $0 { number } else { nil } })
        return isChanged || all.contains(.restart) ? (true, []) : (false, signals.sorted())
    }
}

package struct SyncReport: Sendable {
    /// Bytes sent; 0 when the container had everything.
    package var sent: Int
    package var send: Duration
    /// From the commit to the new process; nil when none was started.
    package var restart: Duration?
    /// From the new process to the first success of its readiness check; nil when none was started.
    package var ready: Duration?
    /// SHA-256 of the running executable in hexadecimal.
    package var runningDigest: String
    /// The new process ended at once, or did not become ready: code and words.
    package var earlyExit: (code: Int, message: String)?
    /// With ``earlyExit``: it runs, but is not ready.
    package var isRunning = false
    /// With ``earlyExit``: the set was taken back, with all that it has deleted.
    package var isRolledBack = false
    /// Why nobody can tell whether the container has what was sent; nil when it is proved.
    package var unverified: String?
    /// What of the set was left out, and why; the rest of it is in place.
    package var problems: [String] = []

    package init(
        sent: Int, send: Duration, restart: Duration?, ready: Duration?, runningDigest: String,
        earlyExit: (code: Int, message: String)?
    ) {
        self.sent = sent
        self.send = send
        self.restart = restart
        self.ready = ready
        self.runningDigest = runningDigest
        self.earlyExit = earlyExit
    }
}

package enum SyncNotice: Sendable {
    /// - Parameter isRolledBack: the last set was taken back because of it, with all that it has deleted.
    case exited(code: Int, message: String, isRolledBack: Bool = false)
}
