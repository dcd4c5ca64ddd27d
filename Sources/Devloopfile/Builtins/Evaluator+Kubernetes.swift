// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark
import YAMLTree

extension Evaluator {
    func kubernetesBuiltins() -> [Builtin] {
        [
            define("k8s_yaml", "yaml", "allow_duplicates?") { evaluator, call in
                try evaluator.addObjects(call)
                return .none
            },
            define(
                "k8s_resource", "workload?", "new_name?", "port_forwards?", "extra_pod_selectors?", "trigger_mode?",
                "resource_deps?", "objects?", "auto_init?", "pod_readiness?", "links?", "labels?"
            ) { evaluator, call in
                evaluator.state.options.append(try evaluator.resourceOptions(call))
                return .none
            },
            define("port_forward", "local_port", "container_port?", "name?", "link_path?", "host?", "on_busy?") {
                _, call in
                .foreign(PortForwardValue(try Self.portForward(call.arguments)))
            },
            define("link", "url", "name?") { _, call in
                let url = try call.arguments.string(0, "url")
                return .foreign(LinkValue(try Link(checking: url, name: call.arguments.string(1, "name", default: ""))))
            },
        ]
    }

    private func resourceOptions(_ call: BuiltinCall) throws -> SpecState.ResourceOptions {
        let arguments = call.arguments
        var options = SpecState.ResourceOptions()
        options.workload = try arguments.string(0, "workload", default: "")
        options.newName = try arguments.string(1, "new_name", default: "")
        options.portForwards = try arguments.portForwards(2)
        options.extraPodSelectors = try Self.selectors(arguments.given(3))
        options.triggerMode = try arguments.triggerMode(4)
        options.dependencies = try arguments.strings(5, "resource_deps")
        options.objects = try arguments.strings(6, "objects")
        options.autoInit = try arguments.bool(7, "auto_init")
        if arguments.given(8) != nil {
            let text = try arguments.string(8, "pod_readiness")
            guard let readiness = KubernetesResource.PodReadiness(rawValue: text) else {
                throw SpecFault("pod_readiness must be \"wait\" or \"ignore\", got \"\(text)\"")
            }
            options.podReadiness = readiness
        }
        options.links = try arguments.links(9)
        options.labels = try arguments.labels(10)
        options.location = call.location
        if options.workload.isEmpty {
            guard !options.objects.isEmpty else {
                throw SpecFault("names neither a workload nor objects", hint: "give workload= or objects=[...]")
            }
            guard !options.newName.isEmpty else {
                throw SpecFault("a resource of objects alone needs a new_name")
            }
        }
        return options
    }

    private static func selectors(_ value: Value?) throws -> [[String: String]] {
        guard let value else { return [] }
        let elements = value.typeName == "dict" ? [value] : (try? value.iterate()) ?? [value]
        return try elements.map { try $0.dictionary("extra_pod_selectors") }.filter { !$0.isEmpty }
    }

    private static func portForward(_ arguments: [Value?]) throws -> PortForward {
        guard let local = try arguments.int(0, "local_port") else { throw SpecFault("local_port must be an int") }
        var forward = PortForward(localPort: try PortForward.port(local))
        forward.containerPort = try arguments.int(1, "container_port").map(PortForward.port)
        forward.name = try arguments.string(2, "name", default: "")
        forward.linkPath = try arguments.string(3, "link_path", default: "")
        if arguments.given(4) != nil { try forward.setHost(arguments.string(4, "host")) }
        let busy = try arguments.string(5, "on_busy", default: PortForward.BusyPolicy.move.rawValue)
        guard let policy = PortForward.BusyPolicy(rawValue: busy) else {
            throw SpecFault("on_busy must be \"move\" or \"fail\", got \"\(busy)\"")
        }
        forward.onBusy = policy
        return forward
    }

    // MARK: Manifests

    private func addObjects(_ call: BuiltinCall) throws {
        guard let value = call.arguments.given(0) else {
            throw SpecFault("yaml is None", hint: "give a path or a blob")
        }
        let isSingle = value.text != nil
        let sources = isSingle ? [value] : try value.iterate()
        guard !sources.isEmpty else { throw SpecFault("yaml is empty", hint: "give a path, a blob, or a list of them") }
        let allowsDuplicates = try call.arguments.bool(1, "allow_duplicates") ?? false
        for source in sources {
            let (bytes, name) = try manifest(source)
            let objects = try Manifest.objects(bytes, file: name)
            if objects.isEmpty {
                guard source.asString != nil else { throw SpecFault("the text holds no object") }
                state.warnings.append(PlanWarning("k8s_yaml: \(name) holds no object", at: call.location))
            }
            for object in objects { try add(object, allowsDuplicates: allowsDuplicates, at: call.location) }
        }
    }

    private func manifest(_ source: Value) throws -> (bytes: [UInt8], name: String) {
        if let blob = source.asForeign(Blob.self) { return (Array(blob.text.utf8), blob.source) }
        guard let text = source.asString else {
            throw SpecFault("yaml must be paths and blobs, got \(source.typeName)")
        }
        let path = absolute(text)
        return (try readWatched(path), display(path))
    }

    private func add(_ object: ManifestObject, allowsDuplicates: Bool, at place: SourceLocation?) throws {
        let identity = ObjectIdentity(object)
        if let first = state.objectPlaces[identity], !allowsDuplicates {
            let hint = first.map { "it is there since \($0); " } ?? ""
            throw SpecFault(
                "object \"\(identity.fullName)\" is there already", hint: hint + "allow_duplicates=True permits it")
        }
        if state.objectPlaces[identity] == nil { state.objectPlaces[identity] = .some(place) }
        state.objects.append(SpecState.SpecObject(object: object, call: place))
    }
}
