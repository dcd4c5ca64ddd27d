// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// The reason why there is a devloop: a file is saved, and the new code serves in the running Pod.
    @Suite(.serialized)
    struct MainJobTests {
        private static let banner = "services/Sources/link_service/Banner.swift"
        private static let services = ["link-manager", "social-graph-manager"]

        @Test func savesAreServedFailuresHealAndTheEndIsClean() async throws {
            let workspace = try await Workspace.open()
            try await Cluster.run("main") { cluster in
                var family: [Int] = []
                var address = ""
                try await LiveDevloop.run(in: workspace.path, on: cluster) { live in
                    // A cold build of the services takes minutes.
                    for name in Self.services { try await live.wait(name, is: "ready", deadline: .seconds(600)) }
                    address = try #require(
                        try await live.wait("forward.opened", resource: "link-manager")["address"]?.string)
                    #expect(await Address.answers(address, "link-manager Delinkcious link service, ready"))

                    try await Self.aSaveIsServed(live, workspace, address)
                    try await Self.aBrokenSaveIsToldAndHealed(live, workspace, address)

                    #expect(live.strangeLines.isEmpty)
                    #expect(live.events.compactMap { $0["seq"]?.int } == Array(1...live.events.count))
                    family = live.family()
                    let status = await live.interrupt()
                    #expect(status == .exited(130))
                    let ended = try #require(live.events.last)
                    #expect(ended["kind"]?.string == "session.ended")
                    #expect(ended["exit"]?.int == 130)
                }
                // What was killed is gone a moment later.
                let isGone = await poll(deadline: .seconds(2)) { !family.contains(where: LiveProcesses.isRunning) }
                #expect(isGone, "still there: \(family.filter(LiveProcesses.isRunning).map(LiveProcesses.command))")
                #expect(LiveProcesses.matching(workspace.path).isEmpty)
                #expect(await Address.get(address) == nil)
                for name in Self.services {
                    #expect(try await cluster.exists(.deployments, name))
                    #expect(try await cluster.exists(.services, name))
                }

                // Again: everything is there already, nothing is delivered or made anew.
                try await workspace.restore()
                try await Self.theSecondUpIsQuickAndDeletesOnExit(workspace, cluster)
            }
        }

        /// One edit: the endpoint answers with the new text, and the events tell the whole path in order.
        private static func aSaveIsServed(_ live: LiveDevloop, _ workspace: Workspace, _ address: String) async throws {
            let before = live.last
            try workspace.edit(banner, "ready", "edited once")
            #expect(await Address.answers(address, "Delinkcious link service, edited once", deadline: .seconds(60)))
            let served = try await live.wait("save.served", resource: "link-manager", after: before)
            let save = try #require(served["save"]?.int)
            #expect(served["way"]?.string == "sync")
            let told = live.events.filter { $0["save"]?.int == save }.compactMap { $0["kind"]?.string }
            let path = [
                "file.changed", "decision.made", "build.started", "build.finished", "sync.started", "sync.committed",
                "process.restarted", "save.served",
            ]
            var rest = told[...]
            for kind in path {
                let index = try #require(rest.firstIndex(of: kind), "\(kind) is not in its place: \(told)")
                rest = rest[rest.index(after: index)...]
            }
            let changed = try #require(live.all("file.changed", save: save).first)
            #expect(changed["files"]?.array?.contains(.string(banner)) == true)
            let stages = try #require(served["stages"]?.object)
            for stage in ["watch", "settle", "build", "send", "restart", "ready"] {
                #expect(stages[stage]?.int != nil, "no stage \(stage) in \(served.jsonText)")
            }
            let total = try #require(served["total"]?.int)
            #expect(total >= stages["build"]?.int ?? 0)
            // Only the service whose file it was.
            #expect(live.all("process.restarted", resource: "social-graph-manager", after: before).isEmpty)
        }

        /// A broken edit is told with its place, the old process serves on, the next good save heals it.
        private static func aBrokenSaveIsToldAndHealed(
            _ live: LiveDevloop, _ workspace: Workspace, _ address: String
        ) async throws {
            let before = live.last
            let good = try TestFiles.read(workspace(banner))
            let lines = good.split(separator: "\n", omittingEmptySubsequences: false).count
            try TestFiles.write(workspace(banner), good + "let broken: Int = \"text\"\n")
            let diagnosed = try await live.wait("build.diagnosed", after: before) { $0["severity"] == "error" }
            #expect(diagnosed["file"]?.string?.hasSuffix(banner) == true)
            #expect(diagnosed["line"]?.int == lines)
            #expect(diagnosed["column"]?.int == 19)
            #expect(diagnosed["message"]?.string?.contains("cannot convert value of type 'String'") == true)
            let failed = try await live.wait("link-manager", is: "failed", after: before)
            #expect(failed["reason"]?.string?.contains("Banner.swift:\(lines):19") == true)
            #expect(await Address.get(address)?.contains("edited once") == true)
            #expect(live.all("process.restarted", after: before).isEmpty)

            let broken = live.last
            try TestFiles.write(workspace(banner), good.replacing("edited once", with: "healed"))
            #expect(await Address.answers(address, "Delinkcious link service, healed", deadline: .seconds(60)))
            let served = try await live.wait("save.served", resource: "link-manager", after: broken)
            #expect(served["way"]?.string == "sync")
            try await live.wait("link-manager", is: "ready", after: broken)
            #expect(await Address.get(address)?.contains("healed") == true)
        }

        private static func theSecondUpIsQuickAndDeletesOnExit(_ workspace: Workspace, _ cluster: Cluster) async throws
        {
            try await LiveDevloop.run(
                ["-n", cluster.namespace, "--on-exit", "delete"], in: workspace.path,
                environment: ["KUBECONFIG": cluster.kubeconfig]
            ) { live in
                for name in services { try await live.wait(name, is: "ready", deadline: .seconds(120)) }
                let address = try #require(
                    try await live.wait("forward.opened", resource: "link-manager")["address"]?.string)
                // The restored file is what runs, whatever the container had before.
                #expect(await Address.answers(address, "Delinkcious link service, ready"))
                #expect(live.all("object.applied").allSatisfy { $0["result"] != "created" })
                let status = await live.interrupt()
                #expect(status == .exited(130))
                #expect(live.all("object.pruned").count >= 2 * services.count)
            }
            for name in services {
                #expect(try await !cluster.exists(.deployments, name))
                #expect(try await !cluster.exists(.services, name))
            }
        }
    }
}
