// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport

/// A small project without Swift: a Devloopfile and a manifest, in a folder of its own.
struct Project {
    let folder: TemporaryDirectory

    /// - Parameters:
    ///   - spec: the Devloopfile; nil leaves it out.
    ///   - manifest: `app.yaml`; nil leaves it out.
    init(_ spec: String? = "k8s_yaml('app.yaml')\n", manifest: String? = nil) throws {
        folder = try TemporaryDirectory("e2e")
        if let spec { try folder.write("Devloopfile", spec) }
        if let manifest { try folder.write("app.yaml", manifest) }
    }

    var path: String { folder.path }

    /// A Deployment `app` of one container.
    static func deployment(command: [String], image: String = Cluster.busybox) -> String {
        let words = command.map { JSONValue.string($0).jsonText }.joined(separator: ", ")
        return """
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              name: app
            spec:
              selector:
                matchLabels: {app: app}
              template:
                metadata:
                  labels: {app: app}
                spec:
                  terminationGracePeriodSeconds: 0
                  automountServiceAccountToken: false
                  containers:
                    - name: app
                      image: \(image)
                      command: [\(words)]

            """
    }

    static let sleeper = deployment(command: ["/bin/busybox", "sleep", "3600"])
}
