// SPDX-License-Identifier: Apache-2.0

/// The local clusters that devloop works with unasked (design D16).
package enum ContextKind: String, Sendable, CaseIterable {
    case minikube
    case kind
    case k3d
    case dockerDesktop = "docker-desktop"
    case rancherDesktop = "rancher-desktop"
    case colima
    case orbstack
    case microk8s
    case crc
    case devloopLocal = "devloop-local"

    /// Decides from the kubeconfig alone, and from node labels where they are known.
    ///
    /// Minikube needs evidence that nobody gives by accident: its extension, a CA below `.minikube`, or its node label;
    /// such evidence holds for any address, since Minikube also runs on other machines. All others are known by the name
    /// that their tool gives, and anybody can call a context `kind-prod`: there the address must be of this machine or
    /// of a private network too.
    /// - Returns: nil as kind when the context is not local, always with the reason.
    package static func classify(
        context: String,
        cluster: String,
        server: String,
        certificateAuthorityPath: String? = nil,
        providers: [String] = [],
        nodeLabels: Set<String> = []
    ) -> (kind: ContextKind?, reason: String) {
        if providers.contains("minikube.sigs.k8s.io") { return (.minikube, "minikube wrote its kubeconfig entry") }
        if certificateAuthorityPath?.split(separator: "/").contains(".minikube") == true {
            return (.minikube, "its certificate authority is minikube's")
        }
        if nodeLabels.contains("minikube.k8s.io/name") || nodeLabels.contains("minikube.k8s.io/version") {
            return (.minikube, "its node carries minikube's label")
        }
        guard let kind = named(context) ?? named(cluster) else {
            if context == "minikube" || cluster == "minikube" {
                return (nil, "it is called minikube, but nothing in the kubeconfig says that minikube made it")
            }
            return (nil, "it is none of the known local clusters")
        }
        let host = ServerHost(server)
        guard host.isLocal else {
            return (nil, "it is named like \(kind.rawValue), but its server \(host.name) is not a local address")
        }
        return (kind, "it is named like \(kind.rawValue) and its server \(host.name) is local")
    }

    private static func named(_ name: String) -> ContextKind? {
        switch name {
        case "docker-desktop", "docker-for-desktop", "docker-for-desktop-cluster": return .dockerDesktop
        case "rancher-desktop": return .rancherDesktop
        case "colima": return .colima
        case "orbstack": return .orbstack
        case "microk8s", "microk8s-cluster": return .microk8s
        case "crc", "crc-admin", "crc-developer", "api-crc-testing:6443": return .crc
        case "devloop-local": return .devloopLocal
        default: break
        }
        if name.hasPrefix("kind-") { return .kind }
        if name.hasPrefix("k3d-") { return .k3d }
        if name.hasPrefix("colima-") { return .colima }
        // OpenShift's own form: namespace/server/user.
        if name.split(separator: "/").contains("api-crc-testing:6443") { return .crc }
        return nil
    }
}

/// The host in the address of an API server.
struct ServerHost {
    let name: String

    init(_ server: String) {
        var rest = server[...]
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        rest = rest.prefix { $0 != "/" && $0 != "?" }
        if rest.hasPrefix("[") {
            name = String(rest.dropFirst().prefix { $0 != "]" })
        } else {
            name = String(rest.prefix { $0 != ":" })
        }
    }

    /// On this very machine, by its address.
    var isLoopback: Bool { name == "localhost" || name == "::1" || name.hasPrefix("127.") }

    /// On this machine or in a private network. A name must be one that public DNS cannot give away: a single label, or
    /// a name that a local cluster is known to use.
    var isLocal: Bool {
        let name = name.lowercased()
        if name.contains(":") { return isLocalIPv6(name) }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { UInt8($0) }
        if parts.count == 4, numbers.count == 4 { return isLocalIPv4(numbers) }
        if parts.count == 1 { return !name.isEmpty && UInt64(name) == nil && !name.hasPrefix("0x") }
        let known = ["kubernetes.docker.internal", "host.docker.internal", "host.k3d.internal", "api.crc.testing"]
        return known.contains(name) || name.hasSuffix(".localhost") || name.hasSuffix(".orb.local")
    }

    private func isLocalIPv4(_ bytes: [UInt8]) -> Bool {
        switch (bytes[0], bytes[1]) {
        // This host (k3d writes 0.0.0.0), loopback, private networks, link-local, shared address space.
        case (0, 0), (127, _), (10, _), (172, 16...31), (192, 168), (169, 254), (100, 64...127): true
        default: false
        }
    }

    private func isLocalIPv6(_ text: String) -> Bool {
        if text == "::1" || text == "::" { return true }
        if text.hasPrefix("::ffff:") { return ServerHost(String(text.dropFirst(7))).isLocal && text.contains(".") }
        guard let first = text.split(separator: ":").first.flatMap({ UInt16($0, radix: 16) }) else { return false }
        // Unique local and link-local addresses.
        return first & 0xFE00 == 0xFC00 || first & 0xFFC0 == 0xFE80
    }
}
