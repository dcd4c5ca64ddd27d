// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// What a person sees of a session, derived from the journal alone: dashboard, plain output and tests read the same.
package struct SessionModel: Sendable {
    package struct Service: Sendable {
        package var name: String
        /// Word of `resource.changed`.
        package var state = "idle"
        package var reason = ""
        package var hint = ""
        /// `61%`, `ok 1.9s`, `FAIL 2 errors`.
        package var build = ""
        /// How the newest state came in: `synced`, `image`, or what it waits for.
        package var deploy = ""
        package var pod = ""
        package var restarts = 0
        package var changed: WallTime?
        package var diagnostics: [BuildDiagnostic] = []
        package var endpoints: [String] = []
        /// Stages of the newest save, for people.
        package var timeline = ""
    }

    /// A line of the events pane.
    package struct Line: Sendable {
        package var time: WallTime
        /// `E`, `W`, `I` or `.`.
        package var level: Character
        package var source: String
        package var text: String
    }

    /// A command that a person can start.
    package struct Button: Sendable, Equatable {
        package var name: String
        package var text: String
        package var resource: String?
    }

    package private(set) var services: [Service] = []
    package private(set) var buttons: [Button] = []
    package private(set) var lines: [Line] = []
    package private(set) var context = ""
    package private(set) var namespace = ""
    /// What is wrong with the session as a whole: a broken spec, an unreachable cluster; nil when nothing is.
    package private(set) var trouble: String?
    package private(set) var troubleHint: String?
    package private(set) var started: WallTime?
    /// Lines that were dropped from ``lines``, which keeps the newest.
    package private(set) var droppedLines = 0
    private static let keptLines = 1000

    package init() {}

    package mutating func apply(_ event: Event) {
        switch event.kind {
        case .sessionStarted: started = event.time
        case .planLoaded: takePlan(event)
        case .planFailed: fail(event)
        case .clusterConnected:
            context = text(event, "context")
            namespace = text(event, "namespace")
            trouble = nil
        case .clusterFailed: fail(event)
        default: break
        }
        if let name = event.resource {
            update(name) { Self.apply(event, to: &$0) }
        } else if event.kind == .buildStarted || event.kind == .buildProgressed || event.kind == .buildFinished
            || event.kind == .buildDiagnosed
        {
            // A build for several services is told once; it concerns each that is building.
            for index in services.indices where services[index].state == "building" || event.kind == .buildFinished {
                if services[index].state == "building" || services[index].build.hasSuffix("%") {
                    Self.apply(event, to: &services[index])
                }
            }
        }
        if let line = EventText.line(event) {
            lines.append(line)
            if lines.count > Self.keptLines {
                droppedLines += lines.count - Self.keptLines
                lines.removeFirst(lines.count - Self.keptLines)
            }
        }
    }

    private mutating func takePlan(_ event: Event) {
        let names = (event.fields["resources"]?.array ?? []).compactMap(\.string)
        services = names.map { name in services.first { $0.name == name } ?? Service(name: name) }
        buttons = (event.fields["buttons"]?.array ?? []).compactMap { button in
            guard let name = button["name"]?.string else { return nil }
            return Button(name: name, text: button["text"]?.string ?? name, resource: button["resource"]?.string)
        }
        trouble = nil
        troubleHint = nil
    }

    private mutating func fail(_ event: Event) {
        trouble = EventText.place(event) + text(event, "message")
        troubleHint = event.fields["hint"]?.string
    }

    private mutating func update(_ name: String, _ body: (inout Service) -> Void) {
        guard let index = services.firstIndex(where: { $0.name == name }) else { return }
        body(&services[index])
    }

    private static func apply(_ event: Event, to service: inout Service) {
        func text(_ key: String) -> String { event.fields[key]?.string ?? "" }
        func number(_ key: String) -> Int { event.fields[key]?.int ?? 0 }
        service.changed = event.time
        switch event.kind {
        case .resourceChanged:
            service.state = text("state")
            service.reason = text("reason")
            service.hint = text("hint")
            switch service.state {
            case "held", "deploying", "starting": service.deploy = service.reason
            // What it waited for is over; how it came in is told by the sync or the image.
            case "building", "ready": if !["synced", "image"].contains(service.deploy) { service.deploy = "" }
            default: break
            }
        case .buildStarted:
            service.build = "0%"
            service.diagnostics = []
        case .buildProgressed:
            service.build = "\(number("of") > 0 ? number("done") * 100 / number("of") : 0)%"
        case .buildDiagnosed where text("severity") == "error":
            service.diagnostics.append(
                BuildDiagnostic(
                    severity: "error",
                    location: SourceLocation(file: text("file"), line: number("line"), column: number("column")),
                    message: text("message")))
        case .buildFinished:
            switch text("result") {
            case "succeeded":
                service.build = "ok \(EventText.seconds(number("duration")))"
                service.diagnostics = []
            case "failed":
                let errors = number("errors")
                service.build = errors == 0 ? "FAIL" : "FAIL \(errors) error\(errors == 1 ? "" : "s")"
            default: service.build = "superseded"
            }
        case .imageDelivered: service.deploy = "image"
        case .syncCommitted: service.deploy = "synced"
        case .saveServed:
            service.deploy = text("way") == "sync" ? "synced" : text("way")
            service.timeline = EventText.timeline(event)
        case .podChanged:
            service.pod = text("phase")
            service.restarts = number("restarts")
        case .forwardOpened:
            let address = text("address")
            if !service.endpoints.contains(address) { service.endpoints.append(address) }
        default: break
        }
    }

    private func text(_ event: Event, _ key: String) -> String { event.fields[key]?.string ?? "" }
}
