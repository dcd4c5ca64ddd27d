// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import KubeClient

/// Whether the chosen context is a local cluster (design D16).
enum ContextCheck {
    private static let minikube = "minikube"

    /// Whether there is no kubeconfig context at all: no file in its usual place, or files without a context. A file that
    /// is named and missing is a mistake of somebody who wants a cluster, and so is a broken one.
    static func hasNone(_ wanted: String?) -> Bool {
        guard wanted == nil else { return false }
        let environment = LiveEnvironment.variables
        if let config = try? KubeConfig.load(environment: environment) {
            return config.contexts.isEmpty && config.currentContext == nil
        }
        return environment["KUBECONFIG"]?.isEmpty ?? true
            && !KubeConfig.paths(environment: environment).contains { HostPaths.exists($0) }
    }

    /// From the kubeconfig alone, but for one case: a context that is called minikube without minikube's marks is asked
    /// for its nodes, whose labels tell. No other cluster is sent anything before it is known to be allowed.
    static func info(of selection: KubeConfig.Selection, in config: KubeConfig) async -> ContextInfo {
        let info = selection.info()
        guard !info.isLocal, info.name == minikube || info.cluster == minikube,
            let client = try? KubeClient(config: config, context: info.name), let nodes = try? await client.nodes()
        else { return info }
        return selection.info(nodeLabels: Set(nodes.flatMap { $0.at("metadata", "labels")?.object?.keys ?? [] }))
    }
}
