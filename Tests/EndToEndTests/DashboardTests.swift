// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import Testing

extension EndToEnd {
    /// What a person gets who types `devloop up` in a terminal.
    @Suite(.serialized)
    struct DashboardTests {
        private static func open(_ project: Project, _ cluster: Cluster, width: Int, height: Int) async throws
            -> TmuxSession
        {
            let session = try await TmuxSession(
                width: width, height: height,
                environment: ["DEVLOOP=\(Devloop.program)", "KUBECONFIG=\(cluster.kubeconfig)"])
            session.type("cd \(project.path); stty -a > $T/before")
            session.type("clear; $DEVLOOP up -n \(cluster.namespace); echo ENDED $?")
            return session
        }

        /// The first line ends with the state of the session.
        private static func isGood(_ screen: String) -> Bool {
            screen.split(separator: "\n").first { !$0.allSatisfy(\.isWhitespace) }?.hasSuffix(" ok") == true
        }

        @Test(arguments: [(80, 24), (120, 40)])
        func aTerminalShowsTheDashboardAndGetsItsStateBack(width: Int, height: Int) async throws {
            try await Cluster.run("tui") { cluster in
                let project = try Project(
                    manifest: Project.deployment(
                        command: ["/bin/busybox", "sh", "-c", "echo the pod says hello; sleep 3600"]))
                let session = try await Self.open(project, cluster, width: width, height: height)
                let ready = try await session.wait("the service", deadline: .seconds(30)) { screen in
                    screen.split(separator: "\n").contains { $0.contains("app") && $0.contains("ready") }
                }
                #expect(ready.contains("devloop-local"))
                #expect(session.variable("alternate_on") == "1")
                try await session.wait("the log") { $0.contains("the pod says hello") }

                // A broken spec is told with its place; the next save heals it.
                try project.folder.write("Devloopfile", "k8s_yaml('app.yaml'\n")
                try await session.wait("the error", deadline: .seconds(20)) { screen in
                    screen.contains("Devloopfile:2:1") && !Self.isGood(screen)
                }
                try project.folder.write("Devloopfile", "k8s_yaml('app.yaml')\n")
                try await session.wait("the healed plan", deadline: .seconds(20), Self.isGood)

                session.press("C-c")
                try await session.wait("the end", deadline: .seconds(20)) { $0.contains("ENDED 130") }
                #expect(session.variable("alternate_on") == "0")
                #expect(session.variable("cursor_flag") == "1")
                session.type("stty -a > $T/after; cmp $T/before $T/after && echo SAME")
                try await session.wait("equal settings") { $0.contains("\nSAME") }
                #expect(try await cluster.exists(.deployments, "app"))
            }
        }

        @Test func aDigitStartsAButtonsCommand() async throws {
            try await Cluster.run("button") { cluster in
                let project = try Project(
                    """
                    load('ext://uibutton', 'cmd_button')
                    local_resource('tool', 'true')
                    cmd_button('seed', argv=['sh', '-c', 'echo sown $(cat n)'], resource='tool', text='Seed')

                    """)
                try project.folder.write("n", "7 seeds\n")
                let session = try await Self.open(project, cluster, width: 100, height: 30)
                try await session.wait("the button", deadline: .seconds(30)) { $0.contains("6 Seed") }
                session.press("6")
                try await session.wait("its output") { $0.contains("sown 7 seeds") && $0.contains("Seed: done") }
                session.press("C-c")
                try await session.wait("the end", deadline: .seconds(20)) { $0.contains("ENDED 130") }
            }
        }

        @Test func quittingAsksAndEndsWell() async throws {
            try await Cluster.run("quit") { cluster in
                let project = try Project(manifest: Project.sleeper)
                let session = try await Self.open(project, cluster, width: 100, height: 30)
                try await session.wait("the service", deadline: .seconds(30)) { screen in
                    screen.split(separator: "\n").contains { $0.contains("app") && $0.contains("ready") }
                }
                session.press("q")
                try await session.wait("the question") { $0.contains("end the session?") }
                session.press("y")
                try await session.wait("the end", deadline: .seconds(20)) { $0.contains("ENDED 0") }
            }
        }
    }
}
