// SPDX-License-Identifier: Apache-2.0

/// Live updates of Pods that devloop did not render would need an ephemeral container with the agent in it; pure.
enum EphemeralWay {
    /// Kubernetes has them switched on since this version.
    private static let since = (major: 1, minor: 25)

    /// Why the live update is not carried out.
    /// - Parameter server: version of the cluster, `v1.20.2`; nil when no cluster was asked.
    static func refusal(server: String?) -> String {
        let need = "its Pods have no agent, and an ephemeral container with one"
        guard let server else { return "\(need) is not made yet" }
        guard let version = version(server) else { return "\(need) is not made on a server of version \(server)" }
        if version < since {
            return "\(need) needs Kubernetes \(since.major).\(since.minor), the server has \(server)"
        }
        return "\(need) is not made yet"
    }

    private static func version(_ text: String) -> (Int, Int)? {
        let parts = text.drop { $0 == "v" }.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1, let major = Int(parts[0]), let minor = Int(parts[1].prefix(while: \.isNumber)) else {
            return nil
        }
        return (major, minor)
    }
}
