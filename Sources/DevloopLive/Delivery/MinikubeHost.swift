// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ImageDelivery
import ImagePack
import KubeClient
import ProcessRunner

/// What Minikube's files say, and where they are silent, what its program says.
struct MinikubeHost {
    var traces: MinikubeTraces
    var environment: [String: String]

    /// Limit for one question to the program, which answers in half a second.
    private static let timeout = Duration.seconds(20)

    /// - Parameter label: the profile by the label of a node, which is right even when a kubeconfig was edited.
    func profile(label: String?) async -> MinikubeProfile {
        let name = label ?? traces.profile
        for home in homes {
            guard let config = Self.json(at: "\(home)/profiles/\(name)/config.json"),
                let driver = MinikubeProfile.driver(config: config)
            else { continue }
            return MinikubeProfile(name: name, driver: driver, home: home)
        }
        // --light: without asking each cluster how it is.
        let list = try? await Self.ask(["minikube", "profile", "list", "--light", "-o", "json"])
        let driver = list.flatMap { try? JSONValue(parsing: Array($0.utf8)) }.flatMap {
            MinikubeProfile.driver(of: name, list: $0)
        }
        return MinikubeProfile(name: name, driver: driver, home: traces.home)
    }

    /// Where `profiles/` and `machines/` may be.
    private var homes: [String] {
        var homes = traces.home.map { [$0] } ?? []
        if let home = environment["MINIKUBE_HOME"], !home.isEmpty {
            homes.append(home.hasSuffix("/.minikube") ? home : "\(home)/.minikube")
        }
        if let home = environment["HOME"] { homes.append("\(home)/.minikube") }
        return homes
    }

    /// How ssh reaches a node; its name is that of the machine.
    /// - Throws: `DevloopError` (`image`) when neither files nor program tell.
    static func machine(of node: String, in profile: MinikubeProfile) async throws -> SSHMachine {
        let folder = profile.home.map { "\($0)/machines/\(node)" }
        let driver = folder.flatMap { json(at: "\($0)/config.json") }?["Driver"]
        var address = driver?["IPAddress"]?.string ?? ""
        var key = driver?["SSHKeyPath"]?.string ?? ""
        if key.isEmpty, let folder, HostPaths.exists("\(folder)/id_rsa") { key = "\(folder)/id_rsa" }
        let asked = ["minikube", "-p", profile.name]
        if key.isEmpty { key = try await ask(asked + ["ssh-key", "-n", node]) }
        if address.isEmpty { address = try await ask(asked + ["ip", "-n", node]) }
        let port = driver?["SSHPort"]?.int ?? 0
        let user = driver?["SSHUser"]?.string ?? ""
        return SSHMachine(
            address: address, port: port == 0 ? 22 : port, user: user.isEmpty ? "docker" : user, key: key)
    }

    /// The variables that lead to the Docker of a profile's node, as `minikube docker-env` tells them.
    static func dockerVariables(of profile: String) async throws -> [String: String] {
        let words = ["minikube", "-p", profile, "docker-env", "-o", "json"]
        let answer = try await ask(words)
        guard let json = try? JSONValue(parsing: Array(answer.utf8)), let members = json.object?.members,
            json["DOCKER_HOST"]?.string != nil
        else {
            throw DevloopError(
                .image, "'\(words.joined(separator: " "))' told no DOCKER_HOST",
                hint: "run it by hand to see what it says")
        }
        return members.reduce(into: [:]) { $0[$1.key] = $1.value.string }
    }

    /// The program's answer without the line's end.
    private static func ask(_ words: [String]) async throws -> String {
        let result = try await withAnswer(words)
        guard result.status.isSuccess else {
            let last = result.errorText.split(separator: "\n").last.map { ": \($0)" } ?? ""
            throw DevloopError(
                .image, "'\(words.joined(separator: " "))' failed: \(result.status)\(last)",
                hint: "is the cluster started? minikube status tells")
        }
        let text = result.outputText.split(whereSeparator: \.isNewline).map(String.init).last ?? ""
        return text
    }

    private static func withAnswer(_ words: [String]) async throws -> ProcessResult {
        try await withThrowingTaskGroup(of: ProcessResult?.self) { group in
            group.addTask { try await ProcessRunner.run(ProcessCommand(words), outputLimit: 4 << 20) }
            group.addTask {
                try await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let result = first else {
                throw DevloopError(.image, "'\(words.joined(separator: " "))' gave no answer within 20 s")
            }
            return result
        }
    }

    private static func json(at path: String) -> JSONValue? {
        (try? SmallFile.read(path)).flatMap { try? JSONValue(parsing: $0) }
    }
}
