// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

/// Turns an object of the spec into the one that is applied; adds exactly what design §4.5 lists. Pure.
package struct Renderer: Sendable {
    /// What a live container needs beyond its image.
    package struct Live: Sendable {
        /// The image's own program, for manifests that name none; nil when nobody knows it.
        package var entrypoint: [String]?
        package var arguments: [String]
        /// Whether an init container has to bring the agent, which is not in the image.
        package var isInjected: Bool
        /// Whether the container stays when its program ends.
        package var staysAfterExit: Bool

        package init(
            entrypoint: [String]?, arguments: [String], isInjected: Bool = false, staysAfterExit: Bool = false
        ) {
            self.staysAfterExit = staysAfterExit
            self.entrypoint = entrypoint
            self.arguments = arguments
            self.isInjected = isInjected
        }
    }

    /// What the spec puts in the place of a container's own.
    package struct Override: Sendable {
        /// Replaces command and arguments.
        package var entrypoint: [String]?
        /// Replaces the arguments.
        package var arguments: [String]?
        /// Environment variables that name the image are replaced too.
        package var matchesEnvironment: Bool

        package init(entrypoint: [String]?, arguments: [String]?, matchesEnvironment: Bool) {
            self.entrypoint = entrypoint
            self.arguments = arguments
            self.matchesEnvironment = matchesEnvironment
        }
    }

    package static let managedByLabel = "app.kubernetes.io/managed-by"
    /// Value: that of ``ResourceLabel`` for the resource that the object, and each of its Pods, belongs to.
    package static let resourceLabel = "devloop.dev/resource"
    /// On Pod templates: a digest of the template, by which Pods of one apply are told from those of another.
    package static let generationAnnotation = "devloop.dev/generation"
    /// On Pod templates that use ConfigMaps or Secrets of the spec: a digest of those, so that Pods follow them.
    package static let configurationAnnotation = "devloop.dev/configuration"
    /// On objects that did not exist before, with the project that made them: what `down` may delete.
    package static let createdAnnotation = "devloop.dev/created"

    package var resource: String
    /// Replacement by ref of the spec.
    package var references: [String: String]
    /// What the spec says of containers of an image, by ref.
    package var overrides: [String: Override] = [:]
    /// By ref; containers of these images get the agent.
    package var live: [String: Live]
    /// Reference of the image that init containers install the agent from; without one, none is injected.
    package var agentImage: String?
    /// ConfigMaps and Secrets of the spec; a Pod template that uses one follows it.
    package var configuration: [ManifestObject] = []
    /// Arguments that tell the agent of a container's readiness check.
    package var probeArguments: @Sendable (JSONValue) -> [String]
    /// Whether a name in a manifest means the ref of the spec.
    package var matches: @Sendable (_ name: String, _ ref: String) -> Bool
    /// Twelve digits that stand for the text.
    package var digest: @Sendable (String) -> String

    package init(
        resource: String, references: [String: String], live: [String: Live],
        probeArguments: @escaping @Sendable (JSONValue) -> [String],
        matches: @escaping @Sendable (String, String) -> Bool,
        digest: @escaping @Sendable (String) -> String
    ) {
        self.resource = resource
        self.references = references
        self.live = live
        self.probeArguments = probeArguments
        self.matches = matches
        self.digest = digest
    }

    package struct Rendered: Sendable {
        package var json: JSONValue
        /// Nil for objects without a Pod template; on Pods of Kubernetes' own kinds it is an annotation too.
        package var generation: String?
    }

    package func render(_ object: ManifestObject) -> Rendered {
        var json = object.json
        json["status"] = nil
        label(&json)
        for locator in object.imageLocators {
            json = locator.replace(in: json) { name in ref(of: name).flatMap { references[$0] } }
        }
        guard let path = object.podPath, var template = json.at(path) else {
            return renderTemplates(in: json)
        }
        if var spec = template["spec"] {
            inject(&spec)
            template["spec"] = spec
        }
        label(&template)
        let used = object.configuration(in: configuration)
        if !used.isEmpty {
            let text = used.map(\.json.canonical.jsonText).sorted().joined(separator: "\n")
            template.annotate(Self.configurationAnnotation, digest(text))
        }
        let generation = digest(template.jsonText)
        template.annotate(Self.generationAnnotation, generation)
        json.set(template, at: path)
        return Rendered(json: json, generation: generation)
    }

    /// Stands for the whole object, in whatever order its keys are written.
    package func mark(of json: JSONValue) -> String { digest(json.canonical.jsonText) }

    /// Pods of a custom resource are found by the label too, where it has their templates inside. Nothing else is added:
    /// what its controller makes of them is not known.
    private func renderTemplates(in json: JSONValue) -> Rendered {
        var found: [String] = []
        func labelled(_ value: JSONValue) -> JSONValue {
            switch value {
            case .array(let elements): return .array(elements.map(labelled))
            case .object(let object):
                var result = JSONValue.object(JSONObject(object.members.map { ($0.key, labelled($0.value)) }))
                if value.at("spec", "containers")?.array?.first?["name"]?.string != nil {
                    label(&result)
                    found.append(result.jsonText)
                }
                return result
            default: return value
            }
        }
        var result = json
        if let spec = json["spec"] { result["spec"] = labelled(spec) }
        return Rendered(json: result, generation: found.isEmpty ? nil : digest(found.joined()))
    }

    private func label(_ json: inout JSONValue) {
        if json.at("metadata", "labels", Self.managedByLabel) == nil {
            json.set("devloop", at: ["metadata", "labels", Self.managedByLabel])
        }
        json.set(.string(ResourceLabel.value(of: resource)), at: ["metadata", "labels", Self.resourceLabel])
    }

    private func inject(_ spec: inout JSONValue) {
        var agents: [Agent] = []
        for list in ["initContainers", "containers"] {
            guard let containers = spec[list]?.array else { continue }
            spec[list] = .array(
                containers.map { container in
                    var container = container
                    replaceVariables(in: &container)
                    guard let name = container["image"]?.string, let ref = ref(of: name) else { return container }
                    if list == "containers", let override = overrides[ref] { apply(override, to: &container) }
                    container["image"] = .string(references[ref] ?? name)
                    container["imagePullPolicy"] = "IfNotPresent"
                    if list == "containers", let live = live[ref],
                        let agent = addAgent(to: &container, live, number: agents.count + 1)
                    {
                        agents.append(agent)
                    }
                    return container
                })
        }
        install(agents, in: &spec)
    }

    /// The ref of the spec that a name in a manifest means; one with the name's own tag before one without.
    private func ref(of name: String) -> String? {
        references.keys.filter { matches(name, $0) }.max { ($0.count, $1) < ($1.count, $0) }
    }

    private func apply(_ override: Override, to container: inout JSONValue) {
        if let entrypoint = override.entrypoint {
            container["command"] = .array(entrypoint.map { .string($0) })
            container["args"] = nil
        }
        if let arguments = override.arguments { container["args"] = .array(arguments.map { .string($0) }) }
    }

    private func replaceVariables(in container: inout JSONValue) {
        guard let variables = container["env"]?.array, overrides.values.contains(where: \.matchesEnvironment) else {
            return
        }
        container["env"] = .array(
            variables.map { variable in
                guard let value = variable["value"]?.string, let ref = ref(of: value),
                    overrides[ref]?.matchesEnvironment == true, let reference = references[ref]
                else { return variable }
                var variable = variable
                variable["value"] = .string(reference)
                return variable
            })
    }
}

extension JSONValue {
    /// With the keys of all objects sorted, so that equal values have one text.
    var canonical: JSONValue {
        switch self {
        case .object(let object):
            .object(JSONObject(object.members.map { ($0.key, $0.value.canonical) }.sorted { $0.0 < $1.0 }))
        case .array(let elements): .array(elements.map(\.canonical))
        default: self
        }
    }

    mutating func annotate(_ key: String, _ value: String) {
        set(.string(value), at: ["metadata", "annotations", key])
    }

    mutating func set(_ value: JSONValue, at path: [String]) {
        guard let key = path.first else {
            self = value
            return
        }
        var child = self[key] ?? .object([:])
        child.set(value, at: Array(path.dropFirst()))
        self[key] = child
    }
}
