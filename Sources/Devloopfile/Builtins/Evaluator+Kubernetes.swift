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
                "resource_deps?", "objects?", "auto_init?", "pod_readiness?", "links?", "labels?",
                "discovery_strategy?", "after?", "rebuilt_by?", "roll_on_config?", "local_address?"
            ) { evaluator, call in
                evaluator.state.options.append(try evaluator.resourceOptions(call))
                return .none
            },
            define("port_forward", "local_port", "container_port?", "name?", "link_path?", "host?", "on_busy?") {
                _, call in
                .foreign(PortForwardValue(try Self.portForward(call)))
            },
            define("link", "url", "name?") { _, call in
                let url = try call.string("url")
                return .foreign(LinkValue(try Link(checking: url, name: call.string("name", default: ""))))
            },
        ]
    }

    private func resourceOptions(_ call: BuiltinCall) throws -> SpecState.ResourceOptions {
        var options = SpecState.ResourceOptions()
        options.workload = try call.string("workload", default: "")
        options.newName = try call.string("new_name", default: "")
        options.portForwards = try call.portForwards()
        options.extraPodSelectors = try Self.selectors(call.value("extra_pod_selectors"))
        options.triggerMode = try call.triggerMode()
        options.dependencies = try call.strings("resource_deps")
        options.after = try call.strings("after")
        options.rebuiltBy = try call.strings("rebuilt_by")
        options.objects = try call.strings("objects")
        options.autoInit = try call.bool("auto_init")
        options.podReadiness = try podReadiness(call)
        options.rollsOnConfiguration = try call.bool("roll_on_config")
        options.localAddress = try Self.localAddress(call)
        if call.value("discovery_strategy") != nil {
            let text = try call.string("discovery_strategy")
            guard let strategy = KubernetesResource.DiscoveryStrategy(rawValue: text) else {
                throw SpecFault("discovery_strategy must be \"default\" or \"selectors-only\", got \"\(text)\"")
            }
            options.discoveryStrategy = strategy
        }
        options.links = try call.links()
        options.labels = try call.labels()
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

    private static func localAddress(_ call: BuiltinCall) throws -> LocalAddress? {
        let text = try call.string("local_address", default: "")
        guard !text.isEmpty else { return nil }
        guard let address = LocalAddress(text) else {
            throw SpecFault(
                "local_address must be a host and a port, such as \"localhost:5432\", got \"\(text)\"")
        }
        return address
    }

    /// `wait`, `ignore`, `succeeded`, or nothing.
    func podReadiness(_ call: BuiltinCall) throws -> KubernetesResource.PodReadiness? {
        let text = try call.string("pod_readiness", default: "")
        guard !text.isEmpty else { return nil }
        guard let readiness = KubernetesResource.PodReadiness(rawValue: text) else {
            throw SpecFault("pod_readiness must be \"wait\", \"ignore\" or \"succeeded\", got \"\(text)\"")
        }
        return readiness
    }

    private static func selectors(_ value: Value?) throws -> [[String: String]] {
        guard let value else { return [] }
        let elements = value.typeName == "dict" ? [value] : (try? value.iterate()) ?? [value]
        return try elements.map { try $0.dictionary("extra_pod_selectors") }.filter { !$0.isEmpty }
    }

    private static func portForward(_ call: BuiltinCall) throws -> PortForward {
        guard let local = try call.int("local_port") else { throw SpecFault("local_port must be an int") }
        var forward = PortForward(localPort: try PortForward.port(local))
        forward.containerPort = try call.int("container_port").map(PortForward.port)
        forward.name = try call.string("name", default: "")
        forward.linkPath = try call.string("link_path", default: "")
        if call.value("host") != nil { try forward.setHost(call.string("host")) }
        let busy = try call.string("on_busy", default: PortForward.BusyPolicy.move.rawValue)
        guard let policy = PortForward.BusyPolicy(rawValue: busy) else {
            throw SpecFault("on_busy must be \"move\" or \"fail\", got \"\(busy)\"")
        }
        forward.onBusy = policy
        return forward
    }

    // MARK: Manifests

    private func addObjects(_ call: BuiltinCall) throws {
        let sources = try manifestSources(call)
        let allowsDuplicates = try call.bool("allow_duplicates") ?? false
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

    /// The paths and blobs of the parameter `yaml`.
    func manifestSources(_ call: BuiltinCall) throws -> [Value] {
        guard let value = call.value("yaml") else {
            throw SpecFault("yaml is None", hint: "give a path or a blob")
        }
        if value.text != nil { return [value] }
        guard let sources = try? value.iterate(), value.typeName != "dict" else {
            throw SpecFault("yaml must be paths and blobs, got \(value.typeName)")
        }
        guard !sources.isEmpty else { throw SpecFault("yaml is empty", hint: "give a path, a blob, or a list of them") }
        return sources
    }

    /// Bytes of a path or blob, and the name that places show.
    func manifest(_ source: Value) throws -> (bytes: [UInt8], name: String) {
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
