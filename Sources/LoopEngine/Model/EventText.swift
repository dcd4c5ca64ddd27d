// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Events in words, for plain output and the events pane.
package enum EventText {
    /// Nil for events that a person need not read one by one.
    package static func line(_ event: Event) -> SessionModel.Line? {
        guard let (level, text) = words(event) else { return nil }
        return SessionModel.Line(time: event.time, level: level, source: event.resource ?? "devloop", text: text)
    }

    private static func words(_ event: Event) -> (Character, String)? {
        func text(_ key: String) -> String { event.fields[key]?.string ?? "" }
        func number(_ key: String) -> Int { event.fields[key]?.int ?? 0 }
        func list(_ key: String) -> String {
            (event.fields[key]?.array ?? []).compactMap(\.string).joined(separator: ", ")
        }
        let hint = event.fields["hint"]?.string.map { " (hint: \($0))" } ?? ""
        switch event.kind {
        case .planLoaded:
            let warnings = list("warnings")
            return (
                warnings.isEmpty ? "I" : "W",
                "plan: \(list("resources"))" + (warnings.isEmpty ? "" : "; \(warnings)")
            )
        case .planFailed: return ("E", place(event) + text("message") + hint)
        case .clusterConnected where text("server") == ClusterInfo.noServer:
            return ("I", "on \(text("context")), without a cluster: \(text("delivery"))")
        case .clusterConnected:
            return (
                "I",
                "cluster \(text("context")), namespace \(text("namespace")), Kubernetes \(text("server")); images: \(text("delivery"))"
            )
        case .clusterFailed:
            let waiting = event.fields["waiting"]?.string.map { "; waiting: \($0)" } ?? ""
            return ("E", place(event) + text("message") + hint + waiting)
        case .fileChanged: return (".", "save \(event.save ?? 0): \(list("files"))")
        case .decisionMade: return (".", "\(text("action")): \(text("reason"))")
        case .resourceHeld: return ("W", "held: \(text("reason"))")
        case .buildStarted:
            let reason = event.fields["reason"]?.string.map { " with swift build: \($0)" } ?? ""
            return (".", "building \(list("products"))\(reason)")
        case .buildDiagnosed where text("severity") != "note":
            return (
                text("severity") == "error" ? "E" : "W",
                "\(text("file")):\(number("line")):\(number("column")): \(text("severity")): \(text("message"))"
            )
        case .buildFinished:
            let output = text("output")
            return (
                text("result") == "failed" ? "E" : "I",
                "build \(text("result")) in \(seconds(number("duration")))" + (output.isEmpty ? "" : "\n\(output)")
            )
        case .imagePacked: return (".", "packed \(text("image")) in \(seconds(number("duration")))")
        case .imageDelivered:
            return (
                "I",
                "\(text("image")) delivered by \(text("way")), \(bytes(number("sent"))) in \(seconds(number("duration")))"
            )
        case .imageFailed: return ("E", text("message") + hint)
        case .objectApplied:
            let reason = text("reason")
            return (
                reason.isEmpty ? "." : "W", "\(text("object")) \(text("result"))\(reason.isEmpty ? "" : ": \(reason)")"
            )
        case .objectFailed: return ("E", "\(place(event))\(text("object")): \(text("message"))\(hint)")
        case .objectPruned: return ("I", "\(text("object")) deleted")
        case .syncCommitted:
            return (".", "\(text("pod")) has the set: \(bytes(number("sent"))) in \(number("send")) ms")
        case .syncFailed: return ("W", "\(text("pod")): \(text("message"))\(hint); next: \(text("next"))")
        case .syncWarned:
            let pod = text("pod")
            return ("W", "\(pod.isEmpty ? "" : "\(pod): ")\(text("message"))\(hint)")
        case .watchWarned: return ("W", "\(text("message"))\(hint)")
        case .processRestarted:
            return (".", "\(text("pod")) restarted in \(number("restart")) ms, ready after \(number("ready")) ms more")
        case .processExited: return ("E", "\(text("pod")): \(text("message"))")
        case .podChanged:
            let message = text("message")
            return (message.isEmpty ? "." : "E", "\(text("pod")) \(message.isEmpty ? text("phase") : message)\(hint)")
        case .podWarned: return ("W", "\(text("object")): \(text("reason")): \(text("message"))")
        case .forwardOpened:
            let moved = event.fields["wanted"]?.int.map { " (port \($0) is in use)" } ?? ""
            return ("I", "http://\(text("address")) leads to port \(number("port"))\(moved)")
        case .forwardFailed: return ("E", "\(text("address")): \(text("message"))\(hint)")
        case .resourceChanged:
            switch text("state") {
            case "ready": return ("I", "ready")
            case "failed", "crashing": return ("E", "\(text("state")): \(text("reason"))\(hint)")
            default: return nil
            }
        case .sessionReady:
            let count = event.fields["resources"]?.array?.count ?? 0
            return ("I", "all \(count) resources are ready, \(duration(number("duration"))) after the start")
        case .saveServed: return ("I", "save \(event.save ?? 0) served by \(text("way")): \(timeline(event))")
        case .sessionEnded: return (number("exit") == 0 ? "I" : "E", "ended: \(text("reason"))")
        default: return nil
        }
    }

    /// `watch 4 ms, settle 20 ms, build 1.71 s; 1.90 s in all`.
    package static func timeline(_ event: Event) -> String {
        let stages = event.fields["stages"]?.object?.members ?? []
        let parts = stages.map { "\($0.key) \(duration($0.value.int ?? 0))" }
        return "\(parts.joined(separator: ", ")); \(duration(event.fields["total"]?.int ?? 0)) in all"
    }

    /// `file:line:column: ` of an event that has a place, else nothing.
    static func place(_ event: Event) -> String {
        guard let file = event.fields["file"]?.string, !file.isEmpty else { return "" }
        let location = SourceLocation(
            file: file, line: event.fields["line"]?.int, column: event.fields["column"]?.int)
        return "\(location): "
    }

    /// Milliseconds below a second, else seconds with two decimals.
    package static func duration(_ milliseconds: Int) -> String {
        milliseconds < 1000 ? "\(milliseconds) ms" : "\(hundredths(milliseconds)) s"
    }

    /// `1.9s`.
    package static func seconds(_ milliseconds: Int) -> String {
        "\(milliseconds / 1000).\(milliseconds % 1000 / 100)s"
    }

    private static func hundredths(_ milliseconds: Int) -> String {
        let rest = milliseconds % 1000 / 10
        return "\(milliseconds / 1000).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// `117 KB`, `16.9 MB`; decimal units.
    package static func bytes(_ count: Int) -> String {
        switch count {
        case ..<1000: "\(count) B"
        case ..<1_000_000: "\(count / 1000) KB"
        default: "\(count / 1_000_000).\(count % 1_000_000 / 100_000) MB"
        }
    }
}
