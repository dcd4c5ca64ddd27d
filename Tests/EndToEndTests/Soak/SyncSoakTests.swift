// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// Random edits of synced folders, of the program and of the number of Pods, while containers are killed and
    /// connections cut. `scripts/soak --sync` lets it run for longer.
    @Suite(.timeLimit(.minutes(60)))
    struct SyncSoakTests {
        private static let seconds = Int(ProcessEnvironment.value("DEVLOOP_SYNC_SECONDS") ?? "") ?? 30
        private static let seed = UInt64(ProcessEnvironment.value("DEVLOOP_SYNC_SEED") ?? "") ?? 1

        @Test func noFileIsLostOrStale() async throws {
            try await Cluster.run("sync-soak") { cluster in
                let selected = try KubeConfig.load([cluster.kubeconfig]).select()
                let server = selected.cluster.server
                let port = try #require(server.split(separator: ":").last.flatMap { Int($0) })
                let mode = SoakFaults.Mode()
                let proxy = try FaultProxy(to: port) { _ in mode.current }
                defer { proxy.stop() }
                var project = try SyncProject(context: selected.context.name, seed: Self.seed)
                let faults = SoakFaults(proxy: proxy, mode: mode, cluster: cluster, token: project.token)
                let kubeconfig = try project.folder.write(
                    "kubeconfig",
                    try TestFiles.read(cluster.kubeconfig).replacing(server, with: "https://127.0.0.1:\(proxy.port)"))
                try await LiveDevloop.run(
                    ["-n", cluster.namespace], in: project.path, environment: ["KUBECONFIG": kubeconfig]
                ) { live in
                    try await live.wait("soak", is: "ready", deadline: .seconds(240))
                    var soak = SyncSoak(live: live, cluster: cluster, faults: faults, seed: Self.seed)
                    try await soak.go(&project, for: .seconds(Self.seconds))
                    #expect(soak.lies.isEmpty, "\(soak.lies)")
                    #expect(soak.journal.wrong.isEmpty, "\(soak.journal.wrong.prefix(20))")
                    #expect(live.strangeLines.isEmpty)
                    soak.checkResources()
                    soak.sumUp()
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }
    }
}
