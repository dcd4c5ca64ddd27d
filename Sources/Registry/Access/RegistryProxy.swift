// SPDX-License-Identifier: Apache-2.0

/// Which proxy leads to a registry, by the variables that other programs obey too: `HTTPS_PROXY` and `NO_PROXY`, in
/// capitals or not.
enum RegistryProxy {
    /// - Returns: the proxy's address; nil to connect directly.
    static func choose(_ host: RegistryHost, _ environment: [String: String]) -> String? {
        func value(_ name: String) -> String? {
            [environment[name], environment[name.lowercased()]].compactMap { $0 }.first { !$0.isEmpty }
        }
        guard !host.isLoopback, let proxy = value("HTTPS_PROXY") else { return nil }
        let name = HostName(host.name == "docker.io" ? "registry-1.docker.io" : host.name)
        for entry in (value("NO_PROXY") ?? "").split(separator: ",") {
            let text = entry.filter { $0 != " " }
            if text == "*" || name.isCovered(by: text) { return nil }
        }
        return proxy.contains("://") ? proxy : "http://\(proxy)"
    }

    private struct HostName {
        let whole: String
        let host: String

        init(_ text: String) {
            whole = text.lowercased()
            host = String(whole.split(separator: ":").first ?? "")
        }

        /// `example.com` and `.example.com` cover the name and all below it; with a port, only that one.
        func isCovered(by entry: String) -> Bool {
            let entry = (entry.hasPrefix(".") ? String(entry.dropFirst()) : entry).lowercased()
            guard !entry.isEmpty else { return false }
            let own = entry.contains(":") ? whole : host
            return own == entry || own.hasSuffix(".\(entry)")
        }
    }
}
