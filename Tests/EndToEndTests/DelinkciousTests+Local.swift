// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner
import Testing

extension EndToEnd.DelinkciousTests {
    /// A machine that has no cluster.
    private static let alone = ["KUBECONFIG": "/nonexistent/kubeconfig"]

    @Test func theSmokeProgramPassesInLocalModeFromMemoryAndWithRealStores() async throws {
        let workspace = try await Workspace.open()
        try await LiveDevloop.run(["--local"], in: workspace.path, environment: Self.alone) { live in
            try await live.wait("session.ready", deadline: .seconds(600))
            try await Self.buildClients(workspace)
            try await Self.smoke(workspace, try await Self.gateway(live))
            // The configuration is in a file that the program finds by a variable.
            let remarks = live.all("log.written", resource: "link-manager").compactMap { $0["text"]?.string }
            #expect(!remarks.contains { $0.contains("the files of volume") })
            #expect(await live.interrupt() == .exited(130))
        }
        try await LiveDevloop.run(
            ["--local", "--", "--store", "here"], in: workspace.path, environment: Self.alone
        ) { live in
            try await live.wait("session.ready", deadline: .seconds(300))
            let gateway = try await Self.gateway(live)
            try await Self.smoke(workspace, gateway)
            try await Self.dataOutliveTheirService(gateway, live)
            #expect(await live.interrupt() == .exited(130))
        }
        for port in [15_432, 15_433, 15_434, 14_222, 16_379] {
            #expect(await Address.get("127.0.0.1:\(port)") == nil)
        }
    }

    /// A link outlives its service's process, and becomes news of a follower, which Redis has.
    private static func dataOutliveTheirService(_ gateway: String, _ live: LiveDevloop) async throws {
        let url = "http://127.0.0.1:1/kept"
        #expect(try await call("POST", gateway, "following?followed=gigi", token: "dev-liat").contains("\"err\":\"\""))
        #expect(try await call("POST", gateway, "links?title=t&url=\(url)").contains("\"err\":\"\""))
        let isNews = try await poll(deadline: .seconds(20), every: .milliseconds(200)) {
            let feed = try await ProcessRunner.run(
                ProcessCommand(["redis-cli", "-p", "16379", "LRANGE", "liat", "0", "-1"]))
            return feed.outputText.contains(url)
        }
        #expect(isNews)
        let isChecked = try await poll(deadline: .seconds(20), every: .milliseconds(200)) {
            try await call("GET", gateway, "links").contains("\"Status\":\"invalid\"")
        }
        #expect(isChecked)
        let before = live.last
        let program = try #require(live.family().first { LiveProcesses.command($0).contains("/link_service") })
        kill(pid_t(program), SIGKILL)
        try await live.wait("pod.changed", resource: "link-manager", after: before) {
            $0["restarts"]?.int == 1 && $0["ready"]?.bool == true
        }
        let isThere = try await poll(deadline: .seconds(30), every: .milliseconds(200)) {
            try await call("GET", gateway, "links").contains(url)
        }
        #expect(isThere)
    }
}
