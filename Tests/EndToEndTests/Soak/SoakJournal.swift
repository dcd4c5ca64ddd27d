// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Reads the events of a session as they come, each once, and says what in them cannot be true.
struct SoakJournal {
    private(set) var states: [String: String] = [:]
    private(set) var reasons: [String: String] = [:]
    /// Times that the cluster was told to be lost.
    private(set) var losses = 0
    private(set) var served = 0
    private(set) var lines = 0
    /// What should not be there.
    private(set) var wrong: [String] = []
    private var read = 0
    /// Why the cluster is lost; nil while it is not.
    private var loss: String?
    /// Next number of the counter, by Pod.
    private var next: [String: Int] = [:]

    mutating func add(_ events: [JSONValue]) {
        for event in events[read...] { add(event) }
        read = events.count
    }

    private mutating func add(_ event: JSONValue) {
        let kind = event["kind"]?.string ?? ""
        switch kind {
        case "resource.changed":
            guard let name = event["resource"]?.string else { break }
            states[name] = event["state"]?.string
            reasons[name] = event["reason"]?.string
        case "cluster.failed":
            // The cause may change while it lasts; the same one is not told again.
            let cause = event["message"]?.string ?? ""
            if loss == cause { wrong.append("told twice: \(event.jsonText)") }
            if loss == nil { losses += 1 }
            loss = cause
        case "cluster.connected": loss = nil
        case "save.served": served += 1
        case "log.written": count(event)
        case "session.ended": wrong.append("it ended: \(event.jsonText)")
        default: break
        }
    }

    /// A container counts from 0; nothing is left out and nothing comes twice.
    private mutating func count(_ event: JSONValue) {
        lines += 1
        guard let text = event["text"]?.string, text.hasPrefix("count "), let number = Int(text.dropFirst(6)),
            let pod = event["pod"]?.string
        else { return }
        if number != 0, number != next[pod] {
            wrong.append("line \(number) of \(pod) stands where \(next[pod] ?? 0) should")
        }
        next[pod] = number + 1
    }
}
