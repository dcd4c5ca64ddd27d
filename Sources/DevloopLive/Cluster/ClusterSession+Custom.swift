// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Devloopfile
import Hashing
import KubeClient
import LoopEngine
import Plan
import ProcessRunner
import Synchronization

/// `k8s_custom_deploy`.
extension ClusterSession {
    func deploy(
        _ work: CustomWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void
    ) async throws -> CustomResult {
        if let remark = try await keeper.note([]) { onEvent(.remark(remark)) }
        let output = try await run(work.deploy.apply, "apply_cmd", work, onEvent)
        let objects: [ManifestObject]
        do {
            objects = try Manifest.objects(output, file: "output of apply_cmd")
        } catch {
            throw DevloopError(
                .objectRefused,
                "\(work.resource.name): the output of apply_cmd is not the YAML of objects: \(error.description)",
                at: work.resource.location,
                hint:
                    "let it print what it applied, as kubectl apply -o yaml does, and everything else to standard error"
            )
        }
        for object in objects { onEvent(.applied(object: object.shortName, result: "configured")) }
        if objects.isEmpty {
            onEvent(.remark("apply_cmd printed no objects: no Pods are followed"))
        }
        var selectors: [[String: String]] = []
        for object in objects where object.makesPods {
            if let labels = try await podLabels(of: object), !selectors.contains(labels) { selectors.append(labels) }
        }
        return CustomResult(
            objects: objects, podSelectors: selectors,
            generation: selectors.isEmpty ? nil : "custom-\(SHA256.digest(of: output).short)")
    }

    func locate(_ resource: Resource) async throws -> CustomResult {
        guard let target = resource.kubernetes?.syncTarget else {
            throw DevloopError(.workloadMissing, "\(resource.name) names no Pods")
        }
        let namespace = target.namespace.isEmpty ? info.namespace : target.namespace
        var labels = target.selector
        if let workload = target.workload {
            let kind = try await client.resource(apiVersion: "apps/v1", kind: workload.kind)
            guard let live = try await client.find(kind, name: workload.name, namespace: namespace) else {
                throw DevloopError(
                    .workloadMissing, "there is no \(workload.shortName) in the namespace \(namespace)",
                    at: resource.location, hint: "sync_resource is for what others have deployed; deploy it first")
            }
            // Its own selector, and not its newest version's: somebody else may roll it out at any time.
            for (key, value) in live.at("spec", "selector", "matchLabels")?.object?.members ?? [] {
                labels[key] = value.string
            }
            guard !labels.isEmpty else {
                throw DevloopError(
                    .workloadMissing, "\(workload.shortName) selects its Pods by no plain labels",
                    at: resource.location, hint: "give selector= instead")
            }
        }
        return CustomResult(objects: [], podSelectors: [labels], generation: nil)
    }

    /// Labels of the Pods of a workload's newest version; nil when it is gone, or labels do not tell.
    private func podLabels(of object: ManifestObject) async throws -> [String: String]? {
        let namespace = object.namespace.isEmpty ? info.namespace : object.namespace
        guard let resource = try await client.kind(of: object) else { return nil }
        let deadline = ContinuousClock.now + .seconds(10)
        while let live = try await client.find(resource, name: object.name, namespace: namespace) {
            guard WorkloadRevision.isObserved(live) || ContinuousClock.now > deadline else {
                try await Task.sleep(for: .milliseconds(50))
                continue
            }
            var versions: [JSONValue] = []
            if let kind = WorkloadRevision.keeper[object.kind] {
                let keeper = try await client.resource(apiVersion: "apps/v1", kind: kind)
                versions = try await client.list(keeper, namespace: namespace).items
            }
            return WorkloadRevision.labels(of: live, versions: versions)
        }
        return nil
    }

    func takeDown(_ work: CustomWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {
        let output = try await run(work.deploy.delete, "delete_cmd", work, onEvent)
        for line in String(decoding: output, as: UTF8.self).split(separator: "\n") { onEvent(.remark(String(line))) }
    }

    /// Runs a command for this cluster and namespace.
    /// - Returns: its standard output; lines of its standard error are told as they come.
    private func run(
        _ command: Command, _ name: String, _ work: CustomWork, _ onEvent: @escaping @Sendable (ApplyNotice) -> Void
    ) async throws -> [UInt8] {
        var variables = ProcessEnvironment.current.filter { !command.unset.contains($0.key) }
        variables["KUBECONFIG"] = try commands.value()
        // Tilt's names.
        for (index, image) in work.images.enumerated() {
            variables["TILT_IMAGE_\(index)"] = image.reference
            variables["TILT_IMAGE_MAP_\(index)"] = image.ref
        }
        variables.merge(command.environment) { $1 }
        let state = Mutex((output: [UInt8](), lines: LineSplitter()))
        let status = try await ProcessRunner.stream(
            ProcessCommand(command.arguments, directory: command.directory, environment: .exact(variables))
        ) { stream, bytes in
            let lines = state.withLock { state in
                if stream == .stderr { return state.lines.add(bytes) }
                state.output += bytes
                return []
            }
            for line in lines { onEvent(.remark(String(decoding: line, as: UTF8.self))) }
        }
        let (output, rest) = state.withLock { ($0.output, $0.lines.finish()) }
        if let rest { onEvent(.remark(String(decoding: rest, as: UTF8.self))) }
        guard status.isSuccess else {
            // What it wrote may say why.
            for line in String(decoding: output, as: UTF8.self).split(separator: "\n").suffix(20) {
                onEvent(.remark(String(line)))
            }
            throw DevloopError(
                .objectRefused, "\(work.resource.name): \(name) ended with \(status)", at: work.resource.location,
                hint: "its output is in the log of the resource")
        }
        return output
    }
}
