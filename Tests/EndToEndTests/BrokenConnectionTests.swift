// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// A session whose way to the API server breaks.
    @Suite(.serialized)
    struct BrokenConnectionTests {
        /// A program that counts in its log and serves a page.
        private static func manifest(_ word: String) -> String {
            let script =
                "mkdir -p /tmp/www; echo \(word) > /tmp/www/index.html; httpd -p 7000 -h /tmp/www; "
                + "i=0; while true; do echo \(word) $i; i=$((i+1)); sleep 0.05; done"
            return Project.deployment(command: ["/bin/busybox", "sh", "-c", script])
        }

        /// Cut, refused for seconds, and cut again: the log goes on without gap or repeat, the port leads to the Pod, the
        /// break and its end are told, and a save after it is served.
        @Test func upSurvivesABreakingConnection() async throws {
            try await Cluster.run("breaks") { cluster in
                let text = try TestFiles.read(cluster.kubeconfig)
                let server = try KubeConfig.load([cluster.kubeconfig]).select().cluster.server
                let port = try #require(server.split(separator: ":").last.flatMap { Int($0) })
                let proxy = try FaultProxy(to: port)
                defer { proxy.stop() }
                let project = try Project(
                    """
                    k8s_yaml('app.yaml')
                    k8s_resource('app', port_forwards='\(try freePort()):7000')

                    """, manifest: Self.manifest("one"))
                let kubeconfig = try project.folder.write(
                    "kubeconfig", text.replacing(server, with: "https://127.0.0.1:\(proxy.port)"))
                try await LiveDevloop.run(
                    ["-n", cluster.namespace], in: project.path, environment: ["KUBECONFIG": kubeconfig]
                ) { live in
                    try await live.wait("app", is: "ready")
                    let address = try #require(
                        try await live.wait("forward.opened", resource: "app")["address"]?.string)
                    let http = try HTTPClient()
                    func page() async -> String? {
                        let request = HTTPRequest(
                            "http://\(address)/", headers: ["Connection": "close"], deadline: .seconds(10))
                        return try? await http.send(request).text
                    }
                    #expect(await poll { await page() == "one\n" })
                    for _ in 0..<2 {
                        let before = live.last
                        proxy.stop()
                        proxy.cutAll()
                        try await live.wait("cluster.failed", after: before)
                        try proxy.start()
                        try await live.wait("cluster.connected", after: before)
                        let now = live.last
                        try await live.wait("log.written", resource: "app", after: now)
                        #expect(await poll(deadline: .seconds(30)) { await page() == "one\n" })
                    }
                    let saved = live.last
                    try project.folder.write("app.yaml", Self.manifest("two"))
                    try await live.wait("save.served", resource: "app", after: saved)
                    #expect(await poll(deadline: .seconds(30)) { await page() == "two\n" })
                    let lines = live.all("log.written", resource: "app").compactMap { $0["text"]?.string }
                    let numbers = lines.filter { $0.hasPrefix("one ") }.compactMap { Int($0.dropFirst(4)) }
                    #expect(numbers.count > 40)
                    #expect(numbers == Array(0..<numbers.count))
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }
    }
}
