// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

/// The Services of the plan, and where on this machine each of their ports leads.
package struct ServiceBook: Sendable, Equatable {
    package struct Port: Sendable, Equatable {
        package var name: String
        /// Of the Service, as manifests and other programs know it.
        package var number: Int
        /// Of this machine, or of the address that was given.
        package var local: Int
        package var transport: String

        package init(name: String, number: Int, local: Int, transport: String = "TCP") {
            self.name = name
            self.number = number
            self.local = local
            self.transport = transport
        }
    }

    package struct Entry: Sendable, Equatable {
        package var name: String
        package var namespace: String
        package var host: String
        package var ports: [Port]
        /// Pods are told nothing of a headless Service: it has names alone.
        package var isHeadless: Bool

        package init(name: String, namespace: String, host: String, ports: [Port], isHeadless: Bool = false) {
            self.name = name
            self.namespace = namespace
            self.host = host
            self.ports = ports
            self.isHeadless = isHeadless
        }
    }

    package var entries: [Entry]

    package init(_ entries: [Entry] = []) { self.entries = entries }

    /// The variables that Kubernetes gives every Pod for each Service of its namespace.
    ///
    /// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables; those of Docker's links
    /// are named after the Service's own port, and lead to the local one.
    package func variables(namespace: String) -> [String: String] {
        var variables: [String: String] = [:]
        for entry in entries where entry.namespace == namespace && !entry.isHeadless {
            guard let first = entry.ports.first else { continue }
            let name = Self.variable(entry.name)
            variables["\(name)_SERVICE_HOST"] = entry.host
            variables["\(name)_SERVICE_PORT"] = String(first.local)
            variables["\(name)_PORT"] = Self.url(entry.host, first)
            for port in entry.ports {
                if !port.name.isEmpty {
                    variables["\(name)_SERVICE_PORT_\(Self.variable(port.name))"] = String(port.local)
                }
                let prefix = "\(name)_PORT_\(port.number)_\(port.transport)"
                variables[prefix] = Self.url(entry.host, port)
                variables["\(prefix)_PROTO"] = port.transport.lowercased()
                variables["\(prefix)_PORT"] = String(port.local)
                variables["\(prefix)_ADDR"] = entry.host
            }
        }
        return variables
    }

    private static func variable(_ name: String) -> String {
        String(name.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
    }

    private static func url(_ host: String, _ port: Port) -> String {
        "\(port.transport.lowercased())://\(host):\(port.local)"
    }

    /// A value in which names of Services stand for where they lead: `http://links:8080/x` and `links:8080`, also in a
    /// list with commas, and the name alone where the variable is one of a host.
    /// - Parameter variable: name of the variable; empty for an argument.
    package func translated(_ value: String, variable: String, namespace: String) -> String {
        value.split(separator: ",", omittingEmptySubsequences: false)
            .map { translatedOne(String($0), variable: variable, namespace: namespace) }
            .joined(separator: ",")
    }

    private func translatedOne(_ value: String, variable: String, namespace: String) -> String {
        let parts = value.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let scheme = parts.count == 2 ? parts[0] + "://" : ""
        let rest = parts[parts.count - 1]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        // `user:password@` stays.
        let authority = rest[..<end]
        let start = authority.lastIndex(of: "@").map(authority.index(after:)) ?? authority.startIndex
        let place = authority[start...].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard place.count <= 2, let entry = entry(place[0], namespace) else { return value }
        let wanted = place.count == 2 ? Int(place[1]) : Self.defaultPorts[scheme.lowercased()]
        var target = entry.host
        if let wanted {
            guard let port = entry.ports.first(where: { $0.number == wanted }) else { return value }
            target += ":\(port.local)"
        } else if scheme.isEmpty {
            let isHost = variable.uppercased().hasSuffix("HOST") || variable.uppercased().hasSuffix("HOSTNAME")
            guard place.count == 1, isHost else { return value }
        }
        return scheme + authority[..<start] + target + rest[end...]
    }

    private static let defaultPorts = ["http://": 80, "https://": 443]

    /// The Service that a DNS name stands for: `links`, `links.shop`, `links.shop.svc`, `links.shop.svc.cluster.local`.
    private func entry(_ host: String, _ namespace: String) -> Entry? {
        entries.first { entry in
            if host == entry.name { return entry.namespace == namespace }
            let full = "\(entry.name).\(entry.namespace)"
            return [full, "\(full).svc", "\(full).svc.cluster.local"].contains(host)
        }
    }
}
