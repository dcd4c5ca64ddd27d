// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import KubeClient

/// Whether the chosen context is a local cluster (design D16).
enum ContextCheck {
    private static let minikube = "minikube"

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
