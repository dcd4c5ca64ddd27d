// SPDX-License-Identifier: Apache-2.0

/// Whether an ephemeral container can bring the agent beside a running one; pure.
///
/// Built to the documentation of Kubernetes, and not seen running: no cluster of that age was at hand.
package enum EphemeralWay {
    /// Kubernetes has them switched on since this version.
    private static let since = (major: 1, minor: 25)

    /// What a resource asks for.
    package struct Wish: Sendable {
        /// `restart_container()`, or a step with `policy='restart'`.
        package var restarts: Bool
        /// `run` and `ci`, which put no agent anywhere.
        package var isOneShot: Bool

        package init(restarts: Bool = false, isOneShot: Bool = false) {
            self.restarts = restarts
            self.isOneShot = isOneShot
        }
    }

    /// Why it is not done; nil when it is.
    /// - Parameter server: version of the cluster, `v1.30.2`; nil when no cluster was asked.
    static func refusal(server: String?, _ wish: Wish) -> String? {
        let need = "its Pods have no agent, and an ephemeral container with one"
        guard let server, let version = version(server) else {
            return "\(need) is not made on a server of \(server.map { "version \($0)" } ?? "unknown version")"
        }
        if version < since {
            return "\(need) needs Kubernetes \(since.major).\(since.minor), the server has \(server)"
        }
        if wish.isOneShot { return "\(need) is made by devloop up alone: it would stay for good" }
        // The process is its container's: a new one would begin with the files of the image.
        if wish.restarts { return "\(need) cannot start the program again: take the restarts out of live_update" }
        return nil
    }

    private static func version(_ text: String) -> (Int, Int)? {
        let parts = text.drop { $0 == "v" }.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1, let major = Int(parts[0]), let minor = Int(parts[1].prefix(while: \.isNumber)) else {
            return nil
        }
        return (major, minor)
    }
}
