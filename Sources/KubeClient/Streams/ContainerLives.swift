// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// The runs of a container that have a log: each start makes a new one, with an id of its own.
struct ContainerLives: Sendable, Equatable {
    /// Id of the run that goes on.
    var running: String?
    /// Id of the newest run, when it has ended.
    var ended: String?
    /// Id of the run before the newest.
    var previous: String?

    /// Where the log of a run is found.
    enum Place: Sendable, Equatable {
        /// It is the newest: the container's log.
        case current(isRunning: Bool)
        /// It was followed by another: the log that the API calls previous.
        case previous
        /// The runtime does not have it any more.
        case gone
    }

    init(running: String? = nil, ended: String? = nil, previous: String? = nil) {
        self.running = running
        self.ended = ended
        self.previous = previous
    }

    /// Reads a Pod's status; the container may be of any of the three sorts.
    init(of container: String, in pod: JSONValue) {
        for list in ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] {
            for status in pod.at("status", list)?.array ?? [] where status["name"]?.string == container {
                self.init(status)
                return
            }
        }
        self.init()
    }

    private init(_ status: JSONValue) {
        func id(_ value: JSONValue?) -> String? { value?.string.flatMap { $0.isEmpty ? nil : $0 } }
        let newest = id(status["containerID"])
        let before = id(status.at("lastState", "terminated", "containerID"))
        if status.at("state", "running") != nil {
            self.init(running: newest, previous: before)
        } else if let terminated = status.at("state", "terminated") {
            self.init(ended: id(terminated["containerID"]) ?? newest, previous: before)
        } else {
            // Between two runs, the last one is still the container's log.
            self.init(ended: before ?? newest)
        }
    }

    /// - Parameter life: nil asks for the newest run.
    func place(of life: String?) -> Place {
        guard let life else { return running == nil && ended == nil ? .gone : .current(isRunning: running != nil) }
        if running == life { return .current(isRunning: true) }
        if ended == life { return .current(isRunning: false) }
        return previous == life ? .previous : .gone
    }
}
