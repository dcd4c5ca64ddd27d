// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// What `up` does instead of ending, and what ends the wait (design §4.1).
    @Suite(.serialized)
    struct WaitingTests {
        /// Runs `up` in the project, and Ctrl-C at the end.
        private static func up(
            _ project: Project, _ cluster: Cluster, kubeconfig: String? = nil,
            _ body: (LiveDevloop) async throws -> Void
        ) async throws {
            try await LiveDevloop.run(
                ["-n", cluster.namespace], in: project.path,
                environment: ["KUBECONFIG": kubeconfig ?? cluster.kubeconfig]
            ) { live in
                try await body(live)
                #expect(live.strangeLines.isEmpty)
                if !live.hasEnded { #expect(await live.interrupt() == .exited(130)) }
            }
        }

        @Test func aMissingDevloopfileIsWaitedFor() async throws {
            try await Cluster.run("nospec") { cluster in
                let project = try Project(nil, manifest: Project.sleeper)
                try await Self.up(project, cluster) { live in
                    let failed = try await live.wait("plan.failed")
                    #expect(failed["message"]?.string?.contains("Devloopfile") == true)
                    try project.folder.write("Devloopfile", "k8s_yaml('app.yaml')\n")
                    try await live.wait("plan.loaded")
                    try await live.wait("app", is: "ready")
                }
            }
        }

        @Test func aBrokenManifestIsWaitedForAndNothingIsLost() async throws {
            try await Cluster.run("badyaml") { cluster in
                let project = try Project(manifest: Project.sleeper)
                try await Self.up(project, cluster) { live in
                    try await live.wait("app", is: "ready")
                    let before = live.last
                    try project.folder.write("app.yaml", "kind: [Deployment\nmetadata: {}\n")
                    let failed = try await live.wait("plan.failed", after: before)
                    #expect(failed["file"]?.string?.hasSuffix("app.yaml") == true)
                    #expect(failed["line"]?.int != nil)
                    #expect(try await cluster.exists(.deployments, "app"))
                    let broken = live.last
                    try project.folder.write(
                        "app.yaml", Project.deployment(command: ["/bin/busybox", "sleep", "7200"]))
                    try await live.wait("plan.loaded", after: broken)
                    try await live.wait("object.applied", resource: "app", after: broken)
                    let served = try await live.wait("save.served", resource: "app", after: broken)
                    #expect(served["way"] == "image")
                    try await live.wait("app", is: "ready", after: broken)
                }
            }
        }

        @Test func aBadKubeconfigIsWaitedFor() async throws {
            try await Cluster.run("badconfig") { cluster in
                let project = try Project(manifest: Project.sleeper)
                let path = project.folder("config")
                try TestFiles.write(path, "clusters: [\n")
                try await Self.up(project, cluster, kubeconfig: path) { live in
                    let failed = try await live.wait("cluster.failed")
                    #expect(failed["file"]?.string == path)
                    #expect(failed["waiting"]?.string == "a save of the file concerned")
                    try TestFiles.write(path, try TestFiles.read(cluster.kubeconfig))
                    try await live.wait("cluster.connected")
                    try await live.wait("app", is: "ready")
                }
            }
        }

        @Test func aContextThatIsNotAllowedIsWaitedFor() async throws {
            try await Cluster.run("badcontext") { cluster in
                let project = try Project(manifest: Project.sleeper)
                // The same cluster under a name, and an authority, that say nothing of this machine.
                let text = try TestFiles.read(cluster.kubeconfig).replacing("devloop-local", with: "production")
                try project.folder.write("config", text)
                try await Self.up(project, cluster, kubeconfig: project.folder("config")) { live in
                    try await live.wait("cluster.failed") { $0["message"]?.string?.contains("production") == true }
                    let spec = "allow_k8s_contexts('production')\nk8s_yaml('app.yaml')\n"
                    try project.folder.write("Devloopfile", spec)
                    try await live.wait("cluster.connected")
                    try await live.wait("app", is: "ready")
                }
            }
        }

        /// The cluster comes, goes and comes again, by way of a relay; what was saved meanwhile is applied.
        @Test func anUnreachableClusterIsTriedAgain() async throws {
            try await Cluster.run("relay") { cluster in
                let project = try Project(manifest: Project.sleeper)
                let port = try freePort()
                try project.folder.write(
                    "config", try TestFiles.read(cluster.kubeconfig).replacing(":16443", with: ":\(port)"))
                func relay() async throws -> ProcessChannel {
                    try await ProcessRunner.open(
                        ProcessCommand([
                            "socat", "TCP-LISTEN:\(port),bind=127.0.0.1,reuseaddr,fork", "TCP:127.0.0.1:16443",
                        ])
                    ) { _ in }
                }
                try await Self.up(project, cluster, kubeconfig: project.folder("config")) { live in
                    let failed = try await live.wait("cluster.failed")
                    #expect(failed["waiting"]?.string?.hasPrefix("tried again") == true)
                    #expect(failed["hint"]?.string != nil)
                    let first = try await relay()
                    try await live.wait("app", is: "ready")

                    let before = live.last
                    await first.close()
                    try await live.wait("cluster.failed", after: before)
                    try project.folder.write(
                        "app.yaml", Project.deployment(command: ["/bin/busybox", "sleep", "7200"]))
                    try await live.wait("file.changed", after: before)
                    let second = try await relay()
                    try await live.wait("save.served", resource: "app", after: before)
                    try await live.wait("app", is: "ready", after: before)
                    #expect(await live.interrupt() == .exited(130))
                    await second.close()
                }
            }
        }

        @Test func aClusterThatForbidsIsAskedAgain() async throws {
            try await Cluster.run("rights") { cluster in
                let project = try Project(manifest: Project.sleeper)
                try project.folder.write("config", try await cluster.kubeconfigWithoutRights())
                try await Self.up(project, cluster, kubeconfig: project.folder("config")) { live in
                    let failed = try await live.wait("cluster.failed")
                    #expect(failed["message"]?.string?.contains("forbidden") == true)
                    #expect(failed["hint"]?.string != nil)
                    try await cluster.kubectl(
                        "create", "clusterrolebinding", cluster.namespace, "--clusterrole=cluster-admin",
                        "--serviceaccount=\(cluster.namespace):default")
                    try await live.wait("cluster.connected")
                    try await live.wait("app", is: "ready")
                }
                try await cluster.kubectl("delete", "clusterrolebinding", cluster.namespace)
            }
        }

        @Test func anImageThatCannotBePulledIsMendedByASave() async throws {
            try await Cluster.run("badimage") { cluster in
                let project = try Project(
                    manifest: Project.deployment(command: ["/x"], image: "127.0.0.1:15000/absent:1"))
                try await Self.up(project, cluster) { live in
                    let failed = try await live.wait("app", is: "failed")
                    #expect(failed["reason"]?.string?.contains("cannot be pulled") == true)
                    #expect(failed["hint"]?.string != nil)
                    let before = live.last
                    try project.folder.write("app.yaml", Project.sleeper)
                    try await live.wait("app", is: "ready", after: before)
                }
            }
        }

        @Test func aCrashLoopIsToldAndMendedByASave() async throws {
            try await Cluster.run("crash") { cluster in
                let project = try Project(
                    manifest: Project.deployment(command: ["/bin/busybox", "sh", "-c", "echo it broke; exit 4"]))
                try await Self.up(project, cluster) { live in
                    let crashing = try await live.wait("app", is: "crashing")
                    #expect(crashing["reason"]?.string?.contains("exit code 4") == true)
                    try await live.wait("log.written", resource: "app") { $0["text"] == "it broke" }
                    let before = live.last
                    try project.folder.write("app.yaml", Project.sleeper)
                    try await live.wait("app", is: "ready", after: before)
                }
            }
        }

        @Test func aPortInUseMovesOrIsTriedAgain() async throws {
            try await Cluster.run("port") { cluster in
                let holder = try PortHolder()
                let fixed = try PortHolder()
                let project = try Project(
                    """
                    k8s_yaml('app.yaml')
                    k8s_resource('app', port_forwards=[
                        port_forward(\(holder.port), 80), port_forward(\(fixed.port), 80, on_busy='fail')])

                    """, manifest: Project.sleeper)
                try await Self.up(project, cluster) { live in
                    let moved = try await live.wait("forward.opened")
                    #expect(moved["wanted"]?.int == holder.port)
                    #expect(moved["address"]?.string?.hasSuffix(":\(holder.port)") == false)
                    let failed = try await live.wait("forward.failed")
                    #expect(failed["address"]?.string?.hasSuffix(":\(fixed.port)") == true)
                    #expect(failed["hint"]?.string != nil)
                    fixed.release()
                    try await live.wait("forward.opened") {
                        $0["address"]?.string?.hasSuffix(":\(fixed.port)") == true
                    }
                }
            }
        }

        @Test func aSecondSessionLeavesTheFirstAlone() async throws {
            try await Cluster.run("two") { cluster in
                let project = try Project(manifest: Project.sleeper)
                try await Self.up(project, cluster) { first in
                    try await first.wait("app", is: "ready")
                    // It waits for its turn, and touches nothing meanwhile.
                    try await Self.up(project, cluster) { second in
                        let held = try await second.wait("app", is: "held")
                        #expect(held["reason"]?.string?.contains("process \(first.pid)") == true)
                        #expect(second.all("object.applied").isEmpty)
                    }
                    #expect(try await cluster.exists(.deployments, "app"))
                    #expect(LiveProcesses.isRunning(first.pid))
                }
            }
        }
    }
}

/// A listener that keeps a port busy.
final class PortHolder: Sendable {
    let port: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && listen(descriptor, 1) == 0
                    ? getsockname(descriptor, pointer, &length) : -1
            }
        }
        guard result == 0 else { throw DevloopError(.portInUse, "no port to hold") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Gives the port back.
    func release() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    deinit { close(descriptor) }
}
