// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Devloopfile
import Plan

/// A directory with a spec and what it needs, and what evaluating it gives.
struct SpecFixture {
    let directory: TemporaryDirectory

    /// - Parameter files: further files by relative path.
    init(_ spec: String? = nil, files: [String: String] = [:]) throws {
        directory = try TemporaryDirectory("spec")
        if let spec { try directory.write("Devloopfile", spec) }
        for (path, text) in files { try directory.write(path, text) }
    }

    func evaluate(
        context: KubernetesContext? = nil, mode: DevloopfileRequest.Mode = .up, arguments: [String] = []
    ) async -> Evaluation {
        await Devloopfile.evaluate(
            DevloopfileRequest(directory: directory.path, arguments: arguments, context: context, mode: mode))
    }

    /// The plan of a spec that must not fail.
    func plan(context: KubernetesContext? = nil) async throws -> Plan {
        let evaluation = await evaluate(context: context)
        if let error = evaluation.error { throw error }
        guard let plan = evaluation.plan else { throw DevloopError(.spec, "neither plan nor error") }
        return plan
    }

    /// Manifest of a Deployment whose Pods have the label `app`.
    static func deployment(_ name: String, image: String, namespace: String? = nil) -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: \(name)
        \(namespace.map { "  namespace: \($0)" } ?? "")
        spec:
          template:
            metadata: {labels: {app: \(name)}}
            spec: {containers: [{name: main, image: "\(image)"}]}

        """
    }
}
