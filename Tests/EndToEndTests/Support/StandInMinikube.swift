// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner

/// The real cluster in the clothes of Minikube: a kubeconfig with Minikube's marks, and stand-ins for the programs that
/// reach its node (scripts/tests/stand-in), all of which end at the node's own containerd.
struct StandInMinikube {
    let folder: TemporaryDirectory
    let profile: String
    let environment: [String: String]

    /// - Parameters:
    ///   - programs: stand-ins that are found; of the programs with such names no others are.
    ///   - namesDriver: whether Minikube's files tell the driver; else the program has to.
    ///   - context: another name gives another kind of cluster, without Minikube's marks.
    init(
        _ cluster: Cluster, driver: String, programs: [String] = ["minikube", "docker"], namesDriver: Bool = true,
        context: String? = nil
    ) throws {
        let folder = try TemporaryDirectory("minikube")
        let profile = context ?? "stand-in"
        try TestFiles.makeDirectory(folder("bin"))
        for program in programs {
            let path = "\(Workspace.repository)/scripts/tests/stand-in/\(program)"
            guard symlink(path, folder("bin/\(program)")) == 0 else { throw DevloopError(.file, "no link to \(path)") }
        }
        let marks =
            "extensions: [{name: cluster_info, extension: {provider: minikube.sigs.k8s.io, version: v1.39.0}}], "
        let text = try TestFiles.read(cluster.kubeconfig).replacing("devloop-local", with: profile)
            .replacing("cluster: {server", with: "cluster: {\(context == nil ? marks : "")server")
        try folder.write("kubeconfig", text)
        if namesDriver {
            let config: JSONValue = ["Name": .string(profile), "Driver": .string(driver)]
            try folder.write("home/.minikube/profiles/\(profile)/config.json", config.jsonText)
        }
        try folder.write("log", "")
        try TestFiles.makeDirectory(folder("cache"))
        let path = try Self.path(without: ["docker", "minikube", "kind", "k3d"], copies: folder("other"))
        environment = [
            "KUBECONFIG": folder("kubeconfig"), "MINIKUBE_HOME": folder("home"),
            "XDG_CACHE_HOME": folder("cache"), "TMPDIR": folder.path, "PATH": "\(folder("bin")):\(path)",
            "STAND_IN_SOCKET": "\(cluster.kubeconfig.dropLast("admin.conf".count))run/containerd.sock",
            "STAND_IN_LOG": folder("log"), "STAND_IN_PROFILE": profile, "STAND_IN_DRIVER": driver,
        ]
        self.folder = folder
        self.profile = profile
    }

    /// Calls of stand-ins so far.
    var calls: [String] { (try? TestFiles.read(folder("log")))?.split(separator: "\n").map(String.init) ?? [] }

    /// The `PATH` with each folder that holds one of these programs replaced by one of links to all else in it.
    private static func path(without names: Set<String>, copies: String) throws -> String {
        let folders = (ProcessEnvironment.value("PATH") ?? "").split(separator: ":").map(String.init)
        return try folders.enumerated().map { number, folder in
            guard names.contains(where: { TestFiles.exists("\(folder)/\($0)") }) else { return folder }
            let copy = "\(copies)/\(number)"
            try TestFiles.makeDirectory(copy)
            for name in TestFiles.names(folder) where !names.contains(name) && !name.hasPrefix(".") {
                symlink("\(folder)/\(name)", "\(copy)/\(name)")
            }
            return copy
        }.joined(separator: ":")
    }
}

/// A node that is reached over ssh: a real server on a port of this machine, with keys of its own.
struct StandInNode {
    private let server: ProcessChannel

    /// Starts the server and lets Minikube's files lead to it.
    static func start(for minikube: StandInMinikube, node: String) async throws -> StandInNode {
        let folder = minikube.folder
        for name in ["host", "id_rsa"] {
            let made = try await ProcessRunner.run(
                ProcessCommand(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder(name)]))
            guard made.status.isSuccess else { throw DevloopError(.process, "ssh-keygen: \(made.errorText)") }
        }
        // The server wants its folder for the time before a login.
        try TestFiles.makeDirectory("/run/sshd")
        let port = try freePort()
        let shell = "\(Workspace.repository)/scripts/tests/stand-in/node-shell"
        let variables = ["STAND_IN_SOCKET", "STAND_IN_LOG"].map { "\($0)=\(minikube.environment[$0] ?? "")" }
        try folder.write(
            "sshd_config",
            """
            ListenAddress 127.0.0.1
            Port \(port)
            HostKey \(folder("host"))
            AuthorizedKeysFile \(folder("id_rsa.pub"))
            PasswordAuthentication no
            StrictModes no
            UsePAM no
            PidFile none
            SetEnv \(variables.joined(separator: " "))
            ForceCommand \(shell)

            """)
        let driver: JSONValue = [
            "IPAddress": "127.0.0.1", "SSHPort": .int(port), "SSHUser": "root", "SSHKeyPath": .string(folder("id_rsa")),
        ]
        let machine: JSONValue = ["DriverName": "kvm2", "Driver": driver]
        try folder.write("home/.minikube/machines/\(node)/config.json", machine.jsonText)
        let server = try await ProcessRunner.open(
            ProcessCommand(["/usr/sbin/sshd", "-D", "-e", "-f", folder("sshd_config")])
        ) { _ in }
        guard await poll(deadline: .seconds(10), until: { listens(port) }) else {
            await server.close()
            throw DevloopError(.process, "sshd does not listen on port \(port)")
        }
        return StandInNode(server: server)
    }

    func stop() async { await server.close() }

    private static func listens(_ port: Int) -> Bool {
        let digits = String(port, radix: 16, uppercase: true)
        let hex = String(repeating: "0", count: 4 - digits.count) + digits
        return (try? TestFiles.read("/proc/net/tcp"))?.contains("0100007F:\(hex) 00000000:0000 0A") == true
    }
}
