// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

/// Who may give orders, and what the program in the Pod is told.
extension EndToEnd.SyncTests {
    @Test("S09 with --force a second session takes namespace and Pods over, and the first one is told")
    func takesOver() async throws {
        try await Cluster.run("force") { cluster in
            let package = try TinyPackage()
            try await Self.up(package, cluster) { first in
                let taken = first.last
                try await Self.up(package, cluster, ["--force"]) { second in
                    try await second.wait("log.written", resource: "app") {
                        $0["text"]?.string?.hasPrefix("taken over from devloop up of ") == true
                    }
                    try await second.wait("sync.committed", resource: "app")
                    let told = try await first.wait("sync.failed", resource: "app", after: taken)
                    #expect(told["message"]?.string?.contains("process \(second.pid)") == true, "\(told)")
                    let before = second.last
                    try package.write("two")
                    try await second.wait("save.served", resource: "app", after: before, deadline: .seconds(120))
                    try await Self.all(cluster, 1, say: "tiny two")
                    #expect(!second.all("sync.failed").contains { $0["next"]?.string?.hasPrefix("asked") == true })
                    #expect(await second.interrupt() == .exited(130))
                }
                #expect(await first.interrupt() == .exited(130))
            }
        }
    }

    @Test("S26 policies of sync steps and roll-back, as the program in the Pod sees them")
    func restartContract() async throws {
        try await Cluster.run("contract") { cluster in
            let package = try TinyPackage()
            try package.folder.write(
                "Devloopfile",
                """
                swift_image('\(package.ref)', roll_back=True, live_update=[
                    sync('conf', '/conf'), sync('conf/reload', '/conf/reload', signal='HUP'),
                    sync('conf/again', '/conf/again', policy='restart'), sync('conf/notes', policy='ignore')])
                k8s_yaml('app.yaml')

                """)
            for name in ["plain", "reload", "again", "notes"] { try package.folder.write("conf/\(name)", "0") }
            func program(_ word: String, _ more: String = "") -> String {
                """
                import Glibc
                \(more)
                signal(SIGHUP) { _ in print("reloaded"); fflush(nil) }
                print("\(word)")
                fflush(nil)
                while true { sleep(60) }

                """
            }
            try package.folder.write("Sources/tiny/main.swift", program("one"))
            try await Self.up(package, cluster) { live in
                try await Self.all(cluster, 1, say: "one")
                func save(_ name: String, _ text: String) async throws {
                    let before = live.last
                    try package.folder.write("conf/\(name)", text)
                    try await live.wait("save.served", resource: "app", after: before)
                }
                try await save("plain", "1")
                try await Self.all(cluster, 1, say: "one")
                try await save("reload", "1")
                try await Self.all(cluster, 1, say: "reloaded")
                #expect(live.all("process.restarted").isEmpty)
                try await save("again", "1")
                try await Self.all(cluster, 1, say: "one")
                #expect(live.all("process.restarted").count == 1)
                // What did not change asks for nothing a second time.
                try await save("plain", "2")
                #expect(live.all("process.restarted").count == 1)
                let before = live.last
                try package.folder.write("conf/notes", "1")
                let ignored = try await live.wait("decision.made", after: before)
                #expect(ignored["action"] == "nothing")

                // A program that ends at once is taken back.
                let broken = live.last
                try package.folder.write("Sources/tiny/main.swift", program("two", "exit(3)"))
                let exited = try await live.wait(
                    "process.exited", resource: "app", after: broken, deadline: .seconds(120))
                #expect(exited["code"] == 3)
                #expect(exited["message"]?.string?.contains("what ran before runs again") == true)
                try await live.wait("app", is: "failed", after: broken)
                try await Self.all(cluster, 1, say: "one")
                // Other files still arrive, and nobody calls that the newest state.
                let plain = live.last
                try package.folder.write("conf/plain", "3")
                #expect(live.all("process.exited").count == 1)
                let kept = try await live.wait("process.exited", resource: "app", after: plain)
                #expect(kept["message"]?.string?.contains("is not tried again") == true, "\(kept)")
                let pod = try #require(try await Self.seen(cluster).first?.name)
                let pulled = try await Devloop.run(
                    ["pull", "\(pod):/conf/plain", "pulled", "-n", cluster.namespace], in: package.path,
                    environment: ["KUBECONFIG": cluster.kubeconfig])
                #expect(pulled.code == 0, "\(pulled.errorText)")
                #expect(try TestFiles.read(package.folder("pulled")) == "3")
                #expect(live.all("resource.changed", resource: "app").last?["state"] == "failed")

                let mended = live.last
                try package.folder.write("Sources/tiny/main.swift", program("three"))
                try await live.wait("save.served", resource: "app", after: mended, deadline: .seconds(120))
                try await Self.all(cluster, 1, say: "three")
                #expect(live.all("image.packed").count == 1)
                #expect(await live.interrupt() == .exited(130))
            }
        }
    }
}
