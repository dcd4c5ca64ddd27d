// SPDX-License-Identifier: Apache-2.0

/// What a user is told when something fails: what is wrong, where, and what to do.
///
/// Messages are lower case without a full stop and quote what the user wrote; code never matches on their text but on
/// ``code``.
package struct DevloopError: Error, Sendable {
    /// The kind of failure; an open set, so that a new kind is not a break.
    package struct Code: Hashable, Sendable {
        /// Stable name, used in JSON output.
        package let name: String
        /// The exit code that a one-shot command ends with (design §4.1).
        package let exit: ExitStatus

        package init(_ name: String, exit: ExitStatus) {
            self.name = name
            self.exit = exit
        }
    }

    package var code: Code
    package var message: String
    package var location: SourceLocation?
    /// What to do about it, as a sentence fragment; nil when there is nothing to advise.
    package var hint: String?
    /// The line of the source at ``location`` and a line with a caret below its column; empty when it is not at hand.
    package var excerpt: [String] = []
    /// Frames of the spec's call stack, outermost first, one line each; empty for other errors.
    package var backtrace: [String]
    package var cause: (any Error)?

    package init(
        _ code: Code,
        _ message: String,
        at location: SourceLocation? = nil,
        hint: String? = nil,
        backtrace: [String] = [],
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.location = location
        self.hint = hint
        self.backtrace = backtrace
        self.cause = cause
    }
}

extension DevloopError.Code {
    /// The Devloopfile is missing, cannot be read, or fails to evaluate.
    package static let spec = Self("spec", exit: .spec)
    /// The kubeconfig context is not one that the spec allows.
    package static let contextNotAllowed = Self("context-not-allowed", exit: .spec)
    /// A manifest or another YAML file cannot be parsed.
    package static let yaml = Self("yaml", exit: .spec)
    /// The kubeconfig is missing, broken, or names files that are not there.
    package static let kubeconfig = Self("kubeconfig", exit: .cluster)
    /// No connection to the API server: refused, timed out, TLS failed.
    package static let clusterUnreachable = Self("cluster-unreachable", exit: .cluster)
    /// The API server answered and said no: 401 or 403.
    package static let clusterRefused = Self("cluster-refused", exit: .cluster)
    /// The API server refused an object or a request for another reason than rights.
    package static let objectRefused = Self("object-refused", exit: .workFailed)
    /// Another session works on the same project in this namespace.
    package static let sessionBusy = Self("session-busy", exit: .workFailed)
    /// A compiler or a build command failed.
    package static let build = Self("build", exit: .workFailed)
    /// An image could not be made or brought to the node.
    package static let image = Self("image", exit: .workFailed)
    /// A change set could not be brought into a container.
    package static let sync = Self("sync", exit: .workFailed)
    /// A file changed while it was being sent: nothing was applied; send again from its final content.
    package static let syncSourceChanged = Self("sync-source-changed", exit: .workFailed)
    /// The stream to the agent ended or went silent: connect again, and compare with the container's record.
    package static let syncDisconnected = Self("sync-disconnected", exit: .workFailed)
    /// Another `devloop` owns the agent.
    package static let syncBusy = Self("sync-busy", exit: .workFailed)
    /// The container cannot take the files (read-only, full, not permitted, wrong machine): build an image instead.
    package static let syncImpossible = Self("sync-impossible", exit: .workFailed)
    /// A command of a `run` step failed in the container, which has the files.
    package static let syncRun = Self("sync-run", exit: .workFailed)
    /// The container has files of an earlier session that nobody can take back: a new container is needed.
    package static let syncLeftover = Self("sync-leftover", exit: .workFailed)
    /// The namespace is not there: what is to be in it is applied once somebody has made it.
    package static let namespaceMissing = Self("namespace-missing", exit: .workFailed)
    /// There is no workload of this name to sync to.
    package static let workloadMissing = Self("workload-missing", exit: .workFailed)
    /// A workload did not become healthy.
    package static let unhealthy = Self("unhealthy", exit: .workFailed)
    /// A port on this machine is in use.
    package static let portInUse = Self("port-in-use", exit: .workFailed)
    /// A file or directory could not be read, watched or written.
    package static let file = Self("file", exit: .workFailed)
    /// A child process could not be started or ended in a way that was not expected.
    package static let process = Self("process", exit: .workFailed)
    /// Arguments that make no sense together.
    package static let usage = Self("usage", exit: .usage)
    /// The peer broke the protocol: HTTP, WebSocket or sync frames that cannot be understood.
    package static let protocolViolation = Self("protocol", exit: .workFailed)
    /// The user ended the work.
    package static let interrupted = Self("interrupted", exit: .interrupted)
}

extension DevloopError: CustomStringConvertible {
    /// One line: `file:line:col: what is wrong`, without the hint.
    package var description: String {
        guard let location else { return message }
        return "\(location): \(message)"
    }

    /// What is printed to stderr: the line of ``description``, the excerpt, the backtrace, then `hint: what to do`.
    package var report: String {
        var lines = [description]
        lines += excerpt.map { "  \($0)" }
        lines += backtrace.map { "  \($0)" }
        if let hint { lines.append("hint: \(hint)") }
        return lines.joined(separator: "\n")
    }
}
