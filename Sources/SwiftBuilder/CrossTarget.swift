// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ProcessRunner

/// What builds programs for nodes of another architecture than this machine's: an installed Swift SDK.
///
/// Built to the documentation of `swift sdk` (SE-0387), not seen running: no SDK could be installed where this was
/// written.
package enum CrossTarget {
    /// Kubernetes' names and those of compilers.
    private static let names = ["amd64": "x86_64", "arm64": "aarch64"]

    /// The value for `--swift-sdk`; nil when programs of this machine run there.
    /// - Parameter architecture: of the node, as Kubernetes has it.
    /// - Throws: `DevloopError` with code build that says what to install.
    package static func sdk(
        _ architecture: String, _ swift: Toolchain, _ environment: [String: String]
    ) async throws -> String? {
        let wanted = names[architecture] ?? architecture
        let own = String(swift.triple.prefix { $0 != "-" })
        guard wanted != own else { return nil }
        let result = try await ProcessRunner.run(
            ProcessCommand([swift.swift, "sdk", "list"], environment: .exact(environment)))
        if result.status.isSuccess, let found = choose(result.outputText, wanted) { return found }
        throw DevloopError(
            .build,
            "the node is \(architecture), this machine builds for \(own), and no Swift SDK for \(wanted) is installed",
            hint:
                "install the static Linux SDK of \(swift.version) with 'swift sdk install', or use a node like this machine"
        )
    }

    /// - Parameter list: what `swift sdk list` prints: one identifier a line.
    static func choose(_ list: String, _ wanted: String) -> String? {
        let identifiers = list.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { !$0.contains(" ") }
        let others = wanted == "aarch64" ? ["aarch64", "arm64"] : [wanted]
        if let own = identifiers.first(where: { name in others.contains { name.contains($0) } }) { return String(own) }
        // The static SDK for Linux holds both architectures, and is asked for by a triple.
        guard identifiers.contains(where: { $0.contains("static-linux") || $0.contains("static_linux") }) else {
            return nil
        }
        return "\(wanted)-swift-linux-musl"
    }
}
