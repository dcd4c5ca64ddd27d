// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import KubeClient
import Plan
import ProcessRunner

/// Gathers what decides about delivery. Starts no process but `minikube profile list`, and that only where neither the
/// kubeconfig nor Minikube's files tell the driver.
struct DeliveryDetection {
    var settings: PlanSettings
    var context: ContextInfo
    var selection: KubeConfig.Selection

    func facts(client: KubeClient, nodes: [JSONValue]) async -> DeliveryFacts {
        var facts = DeliveryFacts(
            kind: context.kind, cluster: context.cluster, nodes: nodes.map(NodeFacts.init(node:)))
        facts.imageLoader = settings.imageLoader?.arguments
        facts.defaultRegistry = settings.defaultRegistry?.host
        facts.programs = Set(DeliveryFacts.wantedPrograms.filter(HostTools.isInstalled))
        facts.isRoot = geteuid() == 0
        if context.kind == .devloopLocal {
            // The cluster of scripts/cluster keeps its socket beside the kubeconfig that it writes.
            let socket = "\(HostPaths.directory(selection.context.location.file))/run/containerd.sock"
            facts.socket = HostPaths.exists(socket) ? socket : nil
        }
        // What the Devloopfile says needs no more facts, and a cluster is not asked without need.
        guard facts.imageLoader == nil, facts.defaultRegistry == nil else { return facts }
        do {
            facts.hosting = try await client.registryHosting()
        } catch {
            facts.hostingProblem = (error as? DevloopError)?.description ?? "\(error)"
        }
        guard context.kind == .minikube else { return facts }
        let host = MinikubeHost(traces: selection.minikubeTraces, environment: LiveEnvironment.variables)
        facts.minikube = await host.profile(label: facts.nodes.first?.minikubeProfile)
        facts.hasRegistryAddon = await RegistryAddon.isThere(client)
        return facts
    }
}

/// Programs of this machine.
package enum HostTools {
    /// The first program of this name on the `PATH`.
    package static func find(_ name: String) -> String? {
        (ProcessEnvironment.value("PATH") ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 && isFile($0) }
    }

    static func isInstalled(_ name: String) -> Bool { find(name) != nil }

    private static func isFile(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
    }

    /// `amd64` or `arm64`, as Kubernetes names it.
    package static var architecture: String {
        var name = utsname()
        uname(&name)
        let machine = withUnsafeBytes(of: &name.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        switch machine {
        case "x86_64": return "amd64"
        case "aarch64": return "arm64"
        default: return machine
        }
    }
}
