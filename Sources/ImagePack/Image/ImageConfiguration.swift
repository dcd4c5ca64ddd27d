// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing

/// What the container runs and how; the `config` of an OCI image (image-spec v1.1, config.md).
package struct ImageConfiguration: Sendable {
    package var entrypoint: [String]
    package var arguments: [String]
    package var environment: [String: String]
    package var directory: String
    /// `amd64` or `arm64`.
    package var architecture: String

    package init(
        entrypoint: [String], arguments: [String], environment: [String: String], directory: String,
        architecture: String
    ) {
        self.entrypoint = entrypoint
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.architecture = architecture
    }

    /// The configuration blob. No creation time: equal content must give an equal digest.
    func json(layers: [Layer]) -> JSONValue {
        let variables = environment.sorted { $0.key < $1.key }.map { JSONValue.string("\($0.key)=\($0.value)") }
        var config: JSONObject = [
            "Env": .array(variables),
            "Entrypoint": .array(entrypoint.map { .string($0) }),
            "WorkingDir": .string(directory),
        ]
        if !arguments.isEmpty { config["Cmd"] = .array(arguments.map { .string($0) }) }
        return [
            "architecture": .string(architecture), "os": "linux", "config": .object(config),
            "rootfs": ["type": "layers", "diff_ids": .array(layers.map { .string($0.diffID.oci) })],
            "history": .array(layers.map { ["created_by": .string("devloop: \($0.name)")] }),
        ]
    }
}
