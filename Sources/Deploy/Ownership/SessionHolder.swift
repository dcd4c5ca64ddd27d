// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// The session that works on a project in a namespace.
package struct SessionHolder: Sendable, Equatable {
    /// Longer than this without a sign of life, and a session counts as gone; four signs were missed by then.
    package static let lifetime = Duration.seconds(40)
    /// Between two signs of life.
    package static let interval = Duration.seconds(10)

    package var user: String
    package var host: String
    package var process: Int
    /// `up`, `run` or `ci`.
    package var command: String
    package var since: WallTime
    package var renewed: WallTime

    package init(user: String, host: String, process: Int, command: String, since: WallTime, renewed: WallTime) {
        self.user = user
        self.host = host
        self.process = process
        self.command = command
        self.since = since
        self.renewed = renewed
    }

    /// What a session may do about the one that is written down.
    package enum Claim: Sendable, Equatable {
        case free
        case ours
        /// It ended without a word.
        case stale(SessionHolder)
        case held(SessionHolder)
    }

    /// - Parameters:
    ///   - holder: who is written down.
    ///   - isRunning: whether a process of this machine runs.
    package func claim(against holder: SessionHolder?, isRunning: (Int) -> Bool) -> Claim {
        guard let holder else { return .free }
        let isHere = holder.host == host
        if isHere, holder.process == process, holder.since == since { return .ours }
        if isHere, holder.process == process || !isRunning(holder.process) { return .stale(holder) }
        // A clock that is ahead of ours says nothing against it.
        let silence = Duration.milliseconds(renewed.milliseconds - holder.renewed.milliseconds)
        return silence > Self.lifetime ? .stale(holder) : .held(holder)
    }

    /// `devloop up of ann@laptop, process 4711, since 2026-11-28T12:00:00.000Z`.
    package var text: String { "devloop \(command) of \(user)@\(host), process \(process), since \(since.iso8601)" }
}

extension SessionHolder {
    package var json: JSONValue {
        [
            "user": .string(user), "host": .string(host), "process": .int(process), "command": .string(command),
            "since": .int(Int(since.milliseconds)), "renewed": .int(Int(renewed.milliseconds)),
        ]
    }

    /// nil for what is no holder: written by another version, or by hand.
    package init?(_ json: JSONValue) {
        guard let user = json["user"]?.string, let host = json["host"]?.string, let process = json["process"]?.int,
            let since = json["since"]?.int, let renewed = json["renewed"]?.int
        else { return nil }
        self.init(
            user: user, host: host, process: process, command: json["command"]?.string ?? "up",
            since: WallTime(milliseconds: Int64(since)), renewed: WallTime(milliseconds: Int64(renewed)))
    }
}
