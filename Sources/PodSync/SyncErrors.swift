// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import SyncProtocol

extension DevloopError {
    /// The fault that the agent reported, as the user is told.
    init(_ fault: Fault, agent: AgentInfo?) {
        let place = String(decoding: fault.place, as: UTF8.self)
        switch fault.code {
        case .version:
            self.init(
                .syncImpossible,
                "the agent in the container speaks protocol version \(place), this devloop speaks "
                    + "\(SyncLimits.protocolVersion)",
                hint: "rebuild the image, so that it gets the agent of this devloop")
        case .busy:
            self.init(
                .syncBusy, "the container's agent belongs to \(place)",
                hint: "end that session, or take its containers over with devloop up --force")
        case .takenOver: self.init(.syncBusy, "the container's agent was taken over by \(place)")
        case .badPath:
            let problem = PathRules.Problem(rawValue: UInt8(clamping: fault.errno))
            self.init(.syncImpossible, "cannot sync to \(quote(place)): \(describe(problem))")
        case .link:
            self.init(
                .syncImpossible, "cannot sync through the symbolic link \(place) in the container",
                hint: "use the path that it points to")
        case .badLink:
            let problem = LinkRules.Problem(rawValue: UInt8(clamping: fault.errno))
            self.init(.syncImpossible, "cannot make the symbolic link \(quote(place)): \(describe(problem))")
        case .staleBase, .baseMismatch:
            self.init(
                .sync, "the container has other files than it reported, at \(place.isEmpty ? "its record" : place)")
        case .damaged, .digestMismatch:
            self.init(.sync, "data was damaged on its way to the container\(place.isEmpty ? "" : ": \(place)")")
        case .badMessage: self.init(.protocolViolation, "the agent did not understand a message")
        case .io: self.init(io: fault.errno, place: place, agent: agent)
        case .syncOff:
            self.init(
                .syncImpossible, "the agent cannot write to \(place) in the container",
                hint: "mount an emptyDir there that the container's user may write to")
        case .aborted: self.init(.sync, "the change set was given up")
        case .appStart, .appStartUndone:
            self.init(.sync, "cannot start \(place): \(String(cString: strerror(fault.errno)))")
        case .dirty:
            self.init(
                .sync, "the change set was applied in part and could not be undone at \(place)",
                hint: "everything is sent again with the next set")
        }
    }

    private init(io errno: Int32, place: String, agent: AgentInfo?) {
        let reason = String(cString: strerror(errno))
        let hint: String? =
            switch errno {
            case EROFS: "the file system is read-only: sync below \(agent?.appFolder ?? "/devloop/app")"
            case EACCES, EPERM:
                "the container runs as user \(agent.map { String($0.uid) } ?? "?") and may not write there"
            case ENOSPC, EDQUOT: "free space in the container, or give the volume a larger limit"
            case EISDIR, ENOTDIR, ENOTEMPTY: "something that devloop did not put there is in the way"
            default: nil
            }
        self.init(
            .syncImpossible, "cannot write \(quote(place)) in the container: \(reason)", hint: hint)
    }
}

private func quote(_ path: String) -> String { "\"\(path)\"" }

private func describe(_ problem: PathRules.Problem?) -> String {
    switch problem {
    case .empty: "the path is empty"
    case .relative: "the path is not absolute"
    case .containsNul: "the path contains a NUL byte"
    case .notNormal: "the path contains an empty component, \".\" or \"..\""
    case .tooLong: "the path or a name in it is too long"
    case .reserved: "the path is reserved for the system or the agent"
    case nil: "the path is refused"
    }
}

private func describe(_ problem: LinkRules.Problem?) -> String {
    switch problem {
    case .empty, .containsNul, nil: "it holds no path"
    case .absolute: "it holds an absolute path"
    case .tooLong: "it is too long"
    case .leaves: "it leads out of what is synced"
    }
}

extension DevloopError {
    /// The same check that the agent makes, before anything is sent.
    init?(checking path: String) {
        guard let problem = PathRules.problem(with: Array(path.utf8)) else { return nil }
        self.init(.syncImpossible, "cannot sync to \(quote(path)): \(describe(problem))")
    }
}
