// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// What a one-shot command did, step by step and resource by resource, derived from the journal alone; what the files of
/// `--report` are written from.
package struct RunReport: Sendable {
    /// One thing that was done for a resource, or waited for.
    package struct Step: Sendable, Equatable {
        package enum Name: String, Sendable, CaseIterable { case build, image, apply, run, ready }
        package enum Result: String, Sendable { case passed, failed, skipped }

        package var name: Name
        package var result: Result
        /// Wall time in milliseconds; of all attempts together.
        package var duration: Int
        /// Of a step that failed, and of one that was not come to.
        package var message: String?
        package var hint: String?
        /// The code of what is wrong with a Pod.
        package var code: String?
    }

    package struct Image: Sendable, Equatable {
        /// With the tag that stands for its content.
        package var reference: String
        /// SHA-256 of the manifest, where devloop has packed it.
        package var digest: String?
        /// Bytes of all layers, where devloop has packed it.
        package var size: Int?
        /// How it reached the node; nil when it did not have to.
        package var way: String?
        /// Bytes handed over.
        package var sent: Int?
    }

    package struct Pod: Sendable, Equatable {
        package var name: String
        package var phase: String
        package var restarts: Int
        package var container: String?
        package var exitCode: Int?
        /// Of what is wrong with it.
        package var code: String?
    }

    package struct Resource: Sendable {
        package var name: String
        /// Word of `resource.changed`.
        package var state = "idle"
        package var reason: String?
        package var hint: String?
        package var steps: [Step] = []
        package var images: [Image] = []
        /// `kind/name` and what became of it.
        package var objects: [(object: String, result: String)] = []
        package var pods: [Pod] = []
        /// The last lines of its containers and commands, with what wrote them before each.
        package var log: [String] = []
        package var droppedLines = 0
        /// When the state that it is in began.
        var since: WallTime?
    }

    package private(set) var command = ""
    package private(set) var version = ""
    package private(set) var context = ""
    package private(set) var namespace = ""
    package private(set) var server = ""
    package private(set) var resources: [Resource] = []
    package private(set) var started: WallTime?
    package private(set) var ended: WallTime?
    package private(set) var exit = 0
    package private(set) var reason: String?
    /// What is wrong with the spec or the cluster; the resources do not come to it.
    package private(set) var trouble: (code: String, message: String, hint: String?)?

    /// Lines kept for each resource; what wrote more is in trouble that its last lines tell.
    private static let keptLines = 500

    package init() {}

    package mutating func apply(_ event: Event) {
        switch event.kind {
        case .sessionStarted:
            started = event.time
            command = event.fields["command"]?.string ?? ""
            version = event.fields["version"]?.string ?? ""
        case .planLoaded:
            trouble = nil
            let names = (event.fields["resources"]?.array ?? []).compactMap(\.string)
            resources = names.map { name in resources.first { $0.name == name } ?? Resource(name: name) }
        case .planFailed: trouble = ("plan", text(event, "message"), event.fields["hint"]?.string)
        case .clusterFailed: trouble = (text(event, "code"), text(event, "message"), event.fields["hint"]?.string)
        case .clusterConnected:
            trouble = nil
            context = text(event, "context")
            namespace = text(event, "namespace")
            server = text(event, "server")
        case .sessionEnded:
            ended = event.time
            exit = event.fields["exit"]?.int ?? 0
            reason = event.fields["reason"]?.string
            for index in resources.indices { close(&resources[index], at: event.time) }
        default: change(event)
        }
    }

    private func text(_ event: Event, _ name: String) -> String { event.fields[name]?.string ?? "" }

    private mutating func change(_ event: Event) {
        // A build for several resources names none: it concerns all that are building.
        let concerned = resources.indices.filter { index in
            event.resource.map { resources[index].name == $0 } ?? (resources[index].state == "building")
        }
        for index in concerned { Self.change(&resources[index], event) }
    }

    private static func change(_ resource: inout Resource, _ event: Event) {
        let fields = event.fields
        let milliseconds = fields["duration"]?.int ?? 0
        switch event.kind {
        case .buildFinished where fields["result"]?.string != "superseded":
            let isDone = fields["result"]?.string == "succeeded"
            resource.note(
                Step(
                    name: .build, result: isDone ? .passed : .failed, duration: milliseconds,
                    message: isDone ? nil : fields["output"]?.string ?? "the build failed"))
        case .buildDiagnosed where fields["severity"]?.string == "error":
            let place = "\(fields["file"]?.string ?? ""):\(fields["line"]?.int ?? 0)"
            resource.append("\(place): error: \(fields["message"]?.string ?? "")", keeping: keptLines)
        case .imagePacked:
            resource.images.removeAll { $0.reference == fields["image"]?.string }
            resource.images.append(
                Image(
                    reference: fields["image"]?.string ?? "", digest: fields["digest"]?.string,
                    size: fields["size"]?.int))
            resource.note(Step(name: .image, result: .passed, duration: milliseconds))
        case .imageDelivered: resource.deliver(fields)
        case .imageFailed:
            resource.note(
                Step(
                    name: .image, result: .failed, duration: milliseconds, message: fields["message"]?.string,
                    hint: fields["hint"]?.string))
        case .objectApplied:
            resource.objects.append((fields["object"]?.string ?? "", fields["result"]?.string ?? ""))
        case .objectFailed:
            let message = "\(fields["object"]?.string ?? ""): \(fields["message"]?.string ?? "")"
            resource.note(
                Step(name: .apply, result: .failed, duration: 0, message: message, hint: fields["hint"]?.string))
        case .podChanged: resource.note(fields)
        case .logWritten:
            let source = [fields["pod"]?.string, fields["container"]?.string].compactMap { $0 }.joined(separator: "/")
            resource.append("\(source) | \(fields["text"]?.string ?? "")", keeping: keptLines)
        case .resourceChanged: resource.enter(event)
        default: break
        }
    }

    /// What the end of the command leaves unfinished.
    private func close(_ resource: inout Resource, at time: WallTime) {
        let waited = resource.since.map { Int(time.milliseconds - $0.milliseconds) } ?? 0
        guard !resource.steps.contains(where: { $0.result == .failed }),
            !resource.steps.contains(where: { $0.name == .ready && $0.result == .passed })
        else { return }
        let isWaiting = ["starting", "failed", "crashing"].contains(resource.state)
        resource.note(
            Step(
                name: .ready, result: isWaiting ? .failed : .skipped, duration: isWaiting ? waited : 0,
                message: resource.reason ?? "the command ended before", hint: resource.hint, code: resource.code))
    }
}

extension RunReport.Resource {
    /// The code of what is wrong with one of its Pods.
    fileprivate var code: String? {
        pods.lazy.compactMap(\.code).last
    }

    /// Attempts of one step count together; the last one's result holds.
    fileprivate mutating func note(_ step: RunReport.Step) {
        guard let index = steps.firstIndex(where: { $0.name == step.name }) else {
            let order = RunReport.Step.Name.allCases
            let position = steps.firstIndex { other in
                (order.firstIndex(of: other.name) ?? 0) > (order.firstIndex(of: step.name) ?? 0)
            }
            steps.insert(step, at: position ?? steps.endIndex)
            return
        }
        var step = step
        step.duration += steps[index].duration
        steps[index] = step
    }

    fileprivate mutating func deliver(_ fields: JSONObject) {
        let reference = fields["image"]?.string ?? ""
        if !images.contains(where: { $0.reference == reference }) { images.append(.init(reference: reference)) }
        for index in images.indices where images[index].reference == reference {
            images[index].way = fields["way"]?.string
            images[index].sent = fields["sent"]?.int
        }
        note(.init(name: .image, result: .passed, duration: fields["duration"]?.int ?? 0))
    }

    fileprivate mutating func note(_ pod: JSONObject) {
        let name = pod["pod"]?.string ?? ""
        pods.removeAll { $0.name == name }
        guard pod["phase"]?.string != "Gone" else { return }
        pods.append(
            .init(
                name: name, phase: pod["phase"]?.string ?? "", restarts: pod["restarts"]?.int ?? 0,
                container: pod["container"]?.string, exitCode: pod["exit_code"]?.int,
                code: pod["reason"]?.string))
    }

    /// Another state: the one before it ends.
    fileprivate mutating func enter(_ event: Event) {
        let next = event.fields["state"]?.string ?? ""
        let reason = event.fields["reason"]?.string
        let milliseconds = since.map { Int(event.time.milliseconds - $0.milliseconds) } ?? 0
        let isApply = !objects.isEmpty
        switch (state, next) {
        case ("deploying", _) where next != "deploying" && isApply && next != "failed":
            note(.init(name: .apply, result: .passed, duration: milliseconds))
        case ("deploying", "ready"): note(.init(name: .run, result: .passed, duration: milliseconds))
        case ("deploying", "failed") where !steps.contains(where: { $0.result == .failed }):
            note(
                .init(
                    name: isApply ? .apply : .run, result: .failed, duration: milliseconds, message: reason,
                    hint: event.fields["hint"]?.string))
        case ("starting", _), ("failed", _), ("crashing", _):
            if next != state, next != "ready" {
                // Still waited for.
                note(.init(name: .ready, result: .skipped, duration: milliseconds))
            }
        default: break
        }
        if next == "ready" {
            let isWaiting = ["starting", "failed", "crashing"].contains(state)
            note(.init(name: .ready, result: .passed, duration: isWaiting ? milliseconds : 0))
        }
        if next != state { since = event.time }
        state = next
        self.reason = reason
        hint = event.fields["hint"]?.string
    }

    fileprivate mutating func append(_ line: String, keeping count: Int) {
        log.append(line)
        guard log.count > count + 100 else { return }
        droppedLines += log.count - count
        log.removeFirst(log.count - count)
    }
}
