// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

extension RunReport {
    /// The report as one object, described in `docs/reports.md`.
    package var json: JSONValue {
        var object: JSONObject = [
            "command": .string(command), "version": .string(version), "context": .string(context),
            "namespace": .string(namespace), "server": .string(server),
            "started": started.map { .string($0.iso8601) } ?? .null,
            "ended": ended.map { .string($0.iso8601) } ?? .null,
            "exit": .int(exit), "reason": reason.map(Self.clean) ?? .null,
        ]
        if let trouble {
            object["trouble"] = [
                "code": .string(trouble.code), "message": Self.clean(trouble.message),
                "hint": trouble.hint.map(Self.clean) ?? .null,
            ]
        }
        object["resources"] = .array(resources.map(\.json))
        return .object(object)
    }

    fileprivate static func clean(_ text: String) -> JSONValue { .string(PlainText.clean(text)) }
}

extension RunReport.Resource {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "state": .string(state), "reason": reason.map(RunReport.clean) ?? .null,
            "hint": hint.map(RunReport.clean) ?? .null, "steps": .array(steps.map(\.json)),
            "images": .array(images.map(\.json)),
            "objects": .array(objects.map { ["object": .string($0.object), "result": .string($0.result)] }),
            "pods": .array(pods.map(\.json)), "log": .array(log.map(RunReport.clean)),
            "dropped_lines": .int(droppedLines),
        ]
    }
}

extension RunReport.Step {
    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "name": .string(name.rawValue), "result": .string(result.rawValue), "duration": .int(duration),
        ]
        if let message { object["message"] = RunReport.clean(message) }
        if let hint { object["hint"] = RunReport.clean(hint) }
        if let code { object["code"] = .string(code) }
        return .object(object)
    }
}

extension RunReport.Image {
    fileprivate var json: JSONValue {
        var object: JSONObject = ["reference": .string(reference)]
        if let digest { object["digest"] = .string(digest) }
        if let size { object["size"] = .int(size) }
        if let way { object["way"] = .string(way) }
        if let sent { object["sent"] = .int(sent) }
        return .object(object)
    }
}

extension RunReport.Pod {
    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "pod": .string(name), "phase": .string(phase), "restarts": .int(restarts),
        ]
        if let container { object["container"] = .string(container) }
        if let exitCode { object["exit_code"] = .int(exitCode) }
        return .object(object)
    }
}
