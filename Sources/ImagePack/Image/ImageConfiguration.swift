// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Hashing

/// What the container runs and how; the `config` of an OCI image (image-spec v1.1, config.md).
package struct ImageConfiguration: Sendable {
    package var entrypoint: [String]
    package var arguments: [String]
    package var environment: [String: String]
    package var directory: String
    /// `amd64` or `arm64`.
    package var architecture: String
    /// `user`, `user:group` or numbers; empty keeps that of the base, which is root without one.
    package var user = ""
    /// `8080` or `53/udp`.
    package var ports: [String] = []
    /// Facts about the image that are no part of what runs: they do not change its tag, see ``PackedImage/tag``.
    package var labels: [String: String] = [:]
    /// Configuration of the base image: what is not said here is taken from it. Null without a base.
    package var base: JSONValue = .null

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
    /// - Parameters:
    ///   - diffIDs: of all layers, those of the base first.
    ///   - names: of the layers that are ours, for the history.
    func json(diffIDs: [String], names: [String], withLabels: Bool = true) -> JSONValue {
        var config = base["config"]?.object ?? JSONObject()
        // What the base's author wanted run, and what only a build from it would do.
        for key in ["Cmd", "OnBuild", "ArgsEscaped", "Healthcheck"] { config[key] = nil }
        config["Env"] = .array(variables(config).map { .string("\($0.key)=\($0.value)") })
        config["Entrypoint"] = .array(entrypoint.map { .string($0) })
        if !arguments.isEmpty { config["Cmd"] = .array(arguments.map { .string($0) }) }
        config["WorkingDir"] = .string(directory)
        if !user.isEmpty { config["User"] = .string(user) }
        let exposed = Set(
            (config["ExposedPorts"]?.object?.keys ?? []) + ports.map { $0.contains("/") ? $0 : "\($0)/tcp" })
        if !exposed.isEmpty { config["ExposedPorts"] = .object(JSONObject(exposed.sorted().map { ($0, [:]) })) }
        var all = (config["Labels"]?.object ?? JSONObject())
        if withLabels { for (key, value) in labels.sorted(by: { $0.key < $1.key }) { all[key] = .string(value) } }
        config["Labels"] = all.isEmpty ? nil : .object(all)
        var json: JSONObject = ["architecture": .string(architecture), "os": "linux"]
        if let variant = base["variant"] { json["variant"] = variant }
        json["config"] = .object(config)
        json["rootfs"] = ["type": "layers", "diff_ids": .array(diffIDs.map { .string($0) })]
        json["history"] = .array(
            (base["history"]?.array ?? []) + names.map { ["created_by": .string("devloop: \($0)")] })
        return .object(json)
    }

    /// Those of the base, then ours, which win; sorted by name.
    private func variables(_ config: JSONObject) -> [(key: String, value: String)] {
        var all: [String: String] = [:]
        for text in (config["Env"]?.array ?? []).compactMap(\.string) {
            guard let sign = text.firstIndex(of: "=") else { continue }
            all[String(text[..<sign])] = String(text[text.index(after: sign)...])
        }
        all.merge(environment) { $1 }
        return all.sorted { $0.key < $1.key }
    }
}
