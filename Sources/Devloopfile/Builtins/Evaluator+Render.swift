// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark
import YAMLTree

/// Manifests made by other programs.
extension Evaluator {
    func renderBuiltins() -> [Builtin] {
        [
            define(
                "helm", "pathToChart", "name?", "namespace?", "values?", "set?", "kube_version?", "skip_crds?"
            ) { evaluator, call in
                .foreign(try evaluator.helm(call))
            },
            define("kustomize", "pathToDir", "kustomize_bin?", "flags?") { evaluator, call in
                .foreign(try evaluator.kustomize(call))
            },
        ]
    }

    /// Kinds that no namespace holds; `helm --namespace` says nothing of them.
    private static let clusterKinds: Set<String> = [
        "APIService", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "IngressClass",
        "MutatingWebhookConfiguration", "Namespace", "PersistentVolume", "PodSecurityPolicy", "PriorityClass",
        "RuntimeClass", "StorageClass", "ValidatingWebhookConfiguration",
    ]

    private func helm(_ call: BuiltinCall) throws -> Blob {
        let chart = absolute(try call.string("pathToChart"))
        guard Files.kind(Paths.resolve("Chart.yaml", in: chart)) == .file || chart.hasSuffix(".tgz") else {
            state.watch(chart)
            throw SpecFault(
                "there is no chart at \"\(display(chart))\"", hint: "name a directory that has a Chart.yaml")
        }
        let namespace = try call.string("namespace", default: "")
        let values = try call.strings("values").map(absolute)
        // As Tilt: a name that does not change between two evaluations.
        let name = try call.string("name", default: "")
        var arguments = ["helm", "template", name.isEmpty ? "chart" : name, chart]
        if try call.bool("skip_crds") != true { arguments.append("--include-crds") }
        if !namespace.isEmpty { arguments += ["--namespace", namespace] }
        let version = try call.string("kube_version", default: "")
        if !version.isEmpty { arguments += ["--kube-version", version] }
        for path in values {
            guard Files.kind(path) != nil else {
                state.watch(path)
                throw SpecFault("values file \"\(display(path))\" does not exist")
            }
            arguments += ["--values", path]
        }
        for pair in try call.strings("set") { arguments += ["--set", pair] }
        state.watch(chart)
        values.forEach { state.watch($0) }
        let text = try render(arguments, missing: "install Helm, or render the chart with local() by other means")
        let objects = try YAML.json(text, file: "helm: \(display(chart))").filter { !$0.isNull && !Self.isTest($0) }
        let placed = objects.map { Self.place($0, in: namespace) }
        return Blob(YAML.emit(placed), source: "helm: \(display(chart))")
    }

    /// Tests of a chart run on demand, not with it.
    private static func isTest(_ object: JSONValue) -> Bool {
        let hooks = object.at("metadata", "annotations", "helm.sh/hook")?.string ?? ""
        return hooks.split(separator: ",").contains { $0.hasPrefix("test") || $0.hasPrefix(" test") }
    }

    private static func place(_ object: JSONValue, in namespace: String) -> JSONValue {
        guard !namespace.isEmpty, object.at("metadata", "namespace") == nil, var metadata = object["metadata"],
            !clusterKinds.contains(object["kind"]?.string ?? "")
        else { return object }
        var object = object
        metadata["namespace"] = .string(namespace)
        object["metadata"] = metadata
        return object
    }

    private func kustomize(_ call: BuiltinCall) throws -> Blob {
        let directory = absolute(try call.string("pathToDir"))
        let flags = try call.strings("flags")
        watchKustomization(directory)
        let program = try call.string("kustomize_bin", default: "")
        let hint = "install kustomize, or kubectl, which has it built in"
        let text: String
        if !program.isEmpty {
            let path = program.contains("/") ? absolute(program) : program
            text = try render([path, "build"] + flags + [directory], missing: "kustomize_bin names no program")
        } else if isInstalled("kustomize") {
            text = try render(["kustomize", "build"] + flags + [directory], missing: hint)
        } else {
            text = try render(["kubectl", "kustomize"] + flags + [directory], missing: hint)
        }
        return Blob(text, source: "kustomize: \(display(directory))")
    }

    private func render(_ arguments: [String], missing hint: String) throws -> String {
        guard let program = arguments.first, program.contains("/") || isInstalled(program) else {
            throw SpecFault("there is no program \"\(arguments.first ?? "")\" on the PATH", hint: hint)
        }
        let command = Command(arguments: arguments, directory: currentDirectory)
        return try run(command, shown: arguments.map(display).joined(separator: " "))
    }

    private func isInstalled(_ program: String) -> Bool {
        (variable("PATH") ?? "").split(separator: ":").contains { Files.kind("\($0)/\(program)") == .file }
    }

    /// Watches a kustomization and everything that it names on this machine.
    private func watchKustomization(_ directory: String) {
        let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"]
        for name in names { state.watch(Paths.resolve(name, in: directory)) }
        guard let file = names.map({ Paths.resolve($0, in: directory) }).first(where: { Files.kind($0) == .file }),
            let bytes = try? Files.read(file), let spec = try? YAML.json(bytes, file: file).first
        else { return }
        var paths: [String] = []
        for key in ["resources", "bases", "components", "crds", "configurations", "generators", "transformers"] {
            paths += (spec[key]?.array ?? []).compactMap(\.string)
        }
        paths += (spec["patchesStrategicMerge"]?.array ?? []).compactMap(\.string).filter { !$0.contains("\n") }
        for key in ["patches", "patchesJson6902", "replacements"] {
            paths += (spec[key]?.array ?? []).compactMap { $0["path"]?.string }
        }
        for key in ["configMapGenerator", "secretGenerator"] {
            for generator in spec[key]?.array ?? [] {
                let files = ["files", "envs"].flatMap { (generator[$0]?.array ?? []).compactMap(\.string) }
                paths += files.map { $0.split(separator: "=", maxSplits: 1).last.map(String.init) ?? $0 }
                paths += [generator["env"]?.string].compactMap { $0 }
            }
        }
        for path in paths where !path.contains("://") {
            let resolved = Paths.resolve(path, in: directory)
            let isKnown = state.stamps[resolved] != nil
            state.watch(resolved)
            if !isKnown, Files.kind(resolved) == .directory { watchKustomization(resolved) }
        }
    }
}
