// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark
import YAMLTree

/// What tells devloop about objects that Kubernetes' own rules do not cover.
extension Evaluator {
    func workloadBuiltins() -> [Builtin] {
        [
            define("k8s_kind", "kind", "api_version?", "image_json_path?", "image_object?", "pod_readiness?") {
                evaluator, call in
                try evaluator.addKind(call)
                return .none
            },
            define("k8s_image_json_path", "paths", "api_version?", "kind?", "name?", "namespace?") {
                evaluator, call in
                let selector = try ObjectSelector(call, matching: .whole)
                guard ["kind", "name", "namespace"].contains(where: { call.value($0) != nil }) else {
                    throw SpecFault("at least one of kind, name and namespace must be given")
                }
                let locators = try Self.paths(call, "paths")
                evaluator.state.kinds.append(SpecState.KindRule(selector: selector, locators: locators))
                return .none
            },
            define("workload_to_resource_function", "func") { evaluator, call in
                guard let function = call.value("func"), case .object(let object) = function, object.isCallable else {
                    throw SpecFault("func must be a function, got \(call.raw("func")?.typeName ?? "NoneType")")
                }
                evaluator.state.naming = SpecState.Naming(function: function, location: call.location)
                return .none
            },
            define("filter_yaml", "yaml", "labels?", "name?", "namespace?", "kind?", "api_version?") {
                evaluator, call in
                try evaluator.filter(call)
            },
            define(
                "k8s_custom_deploy", "name", "apply_cmd", "delete_cmd", "deps", "image_selector?", "live_update?",
                "apply_dir?", "apply_env?", "apply_cmd_bat?", "delete_dir?", "delete_env?", "delete_cmd_bat?",
                "container_selector?", "image_deps?", "via?"
            ) { evaluator, call in
                try evaluator.addCustomDeploy(call)
                return .none
            },
            define(
                "sync_resource", "name", "live_update", "workload?", "selector?", "namespace?", "container?", "via?",
                "port_forwards?", "resource_deps?", "labels?", "links?"
            ) { evaluator, call in
                try evaluator.addSyncResource(call)
                return .none
            },
        ]
    }

    private func addKind(_ call: BuiltinCall) throws {
        let selector = try ObjectSelector(call, matching: .whole)
        var rule = SpecState.KindRule(selector: selector, locators: try Self.paths(call, "image_json_path"))
        if let value = call.value("image_object") {
            guard rule.locators.isEmpty else { throw SpecFault("image_json_path and image_object exclude each other") }
            let members = try value.dictionary("image_object")
            guard let text = members["json_path"], let repository = members["repo_field"],
                let tag = members["tag_field"], let path = JSONPath(text)
            else {
                throw SpecFault("image_object needs json_path, repo_field and tag_field", hint: "as a dict of strings")
            }
            rule.locators = [ImageLocator(path: path, form: .object(repository: repository, tag: tag))]
        }
        rule.podReadiness = try podReadiness(call)
        rule.isWorkload = true
        state.kinds.append(rule)
    }

    private static func paths(_ call: BuiltinCall, _ name: String) throws -> [ImageLocator] {
        try call.strings(name).map { text in
            guard let path = JSONPath(text) else {
                throw SpecFault("\(name): \"\(text)\" is no JSON path", hint: "such as {.spec.image}")
            }
            return ImageLocator(path: path, form: .reference)
        }
    }

    private func filter(_ call: BuiltinCall) throws -> Value {
        let selector = try ObjectSelector(call, matching: .part)
        let labels = try call.dictionary("labels")
        var found: [JSONValue] = []
        var rest: [JSONValue] = []
        var source = "filter_yaml"
        for value in try manifestSources(call) {
            let (bytes, name) = try manifest(value)
            if value.asString == nil { source = name }
            for object in try Manifest.objects(bytes, file: name) {
                if selector.matches(object), object.metadata.allSatisfy({ Self.carries(labels, $0) }) {
                    found.append(object.json)
                } else {
                    rest.append(object.json)
                }
            }
        }
        return .tuple([found, rest].map { .foreign(Blob(YAML.emit($0), source: source)) })
    }

    private static func carries(_ labels: [String: String], _ metadata: JSONValue) -> Bool {
        labels.allSatisfy { metadata["labels"]?[$0.key]?.string == $0.value }
    }

    private func addCustomDeploy(_ call: BuiltinCall) throws {
        let name = try call.string("name")
        guard !name.isEmpty else { throw SpecFault("name is empty") }
        func command(of kind: String) throws -> Command {
            let command = try self.command(
                call.raw("\(kind)_cmd"), "\(kind)_cmd", environment: call.dictionary("\(kind)_env"),
                directory: call.value("\(kind)_dir"))
            guard let command else { throw SpecFault("\(kind)_cmd is empty") }
            return command
        }
        var deploy = CustomDeploy(
            apply: try command(of: "apply"), delete: try command(of: "delete"),
            deps: try call.strings("deps").map(absolute))
        deploy.liveUpdate = try liveUpdate(call.value("live_update"))
        deploy.via = try via(call, deploy.liveUpdate)
        if !deploy.liveUpdate.isEmpty {
            let image = try call.string("image_selector", default: "")
            let container = try call.string("container_selector", default: "")
            guard image.isEmpty != container.isEmpty else {
                throw SpecFault(
                    image.isEmpty
                        ? "live_update needs image_selector or container_selector"
                        : "image_selector and container_selector exclude each other")
            }
            guard image.isEmpty || ImageName(image) != nil else {
                throw SpecFault("image_selector \"\(image)\" is no image reference")
            }
            deploy.imageSelector = image.isEmpty ? nil : image
            deploy.containerSelector = container.isEmpty ? nil : container
            for step in deploy.liveUpdate { deploy.ignored.add(step.sources, relativeTo: "/") }
        }
        if let first = state.customDeploys.first(where: { $0.name == name }) {
            throw SpecFault(
                "k8s_custom_deploy named \"\(name)\" already exists",
                hint: first.location.map { "it is there since \($0)" })
        }
        state.customDeploys.append(
            SpecState.CustomDeployDraft(
                name: name, deploy: deploy, imageDeps: try call.strings("image_deps"), location: call.location))
    }
}
