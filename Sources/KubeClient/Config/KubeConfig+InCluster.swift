// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport

extension KubeConfig {
    /// The name of the only context that ``inCluster(environment:folder:)`` gives; `allow_k8s_contexts` takes it.
    package static let inClusterContext = "in-cluster"

    /// Where Kubernetes puts the service account of a Pod.
    private static let accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The cluster that devloop runs in, as the service account of its Pod.
    ///
    /// Token and certificate authority are named as files: the kubelet replaces both while the Pod runs.
    /// - Returns: nil outside of a Pod, and in one without a service account.
    package static func inCluster(environment: [String: String], folder: String? = nil) -> KubeConfig? {
        let folder = folder ?? accountFolder
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
            let port = environment["KUBERNETES_SERVICE_PORT"], !port.isEmpty, FileText.exists("\(folder)/token")
        else { return nil }
        let place = SourceLocation(file: "\(folder)/token")
        let name = inClusterContext
        let address = host.contains(":") ? "[\(host)]" : host
        var cluster = Cluster(name: name, server: "https://\(address):\(port)", location: place)
        if FileText.exists("\(folder)/ca.crt") { cluster.certificateAuthority = .file("\(folder)/ca.crt") }
        var user = User(name: name, location: place)
        user.tokenFile = "\(folder)/token"
        var context = Context(name: name, cluster: name, user: name, location: place)
        if let bytes = try? FileText.read("\(folder)/namespace") {
            let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
            context.namespace = text.isEmpty ? nil : text
        }
        var config = KubeConfig()
        config.clusters = [cluster]
        config.users = [user]
        config.contexts = [context]
        config.currentContext = name
        return config
    }
}
