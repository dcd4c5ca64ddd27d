// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner
import Testing

extension EndToEnd {
    /// The Plan as programs of this machine (design D17): no cluster is asked for anything.
    @Suite(.serialized)
    struct LocalModeTests {
        /// A kubeconfig that would be told of, and not be used.
        private static let alone = ["KUBECONFIG": "/nonexistent/kubeconfig"]

        private static func settings(_ data: String) -> String {
            """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: settings}
            data:
              PORT: "18080"
              \(data)
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: keys}
            stringData: {key.txt: from-a-secret}
            ---

            """
        }

        private static let front = LocalProject.deployment(
            "front", port: 18_080,
            container: """
                args: ["--port=18080", "--key=/etc/keys/key.txt", "$(BACK_SERVICE_PORT)"]
                envFrom: [{configMapRef: {name: settings}}]
                env:
                  - {name: BACK, value: "http://back:18080"}
                  - {name: KEY, value: /etc/keys/key.txt}
                  - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
                volumeMounts: [{name: keys, mountPath: /etc/keys}]
                """,
            pod: "volumes: [{name: keys, secret: {secretName: keys}}]")

        private static let back = LocalProject.deployment(
            "back", port: 18_080, container: "envFrom: [{configMapRef: {name: settings}}]")

        /// Two services that want the same port: the one with the forward has it, and each finds the other.
        private static func pair() throws -> LocalProject {
            try LocalProject(
                """
                k8s_yaml('app.yaml')
                k8s_resource('front', port_forwards='18080:18080', resource_deps=['back'])
                """,
                manifests: settings("MODE: first") + front + LocalProject.service("front", port: 80) + back
                    + LocalProject.service("back", port: 18_080))
        }

        private static func address(_ live: LiveDevloop) async throws -> String {
            try #require(try await live.wait("forward.opened", resource: "front")["address"]?.string)
        }

        @Test func theWholePlanRunsAndASaveIsServed() async throws {
            let project = try Self.pair()
            var family: [Int] = []
            try await LiveDevloop.run(["--local"], in: project.path, environment: Self.alone) { live in
                for name in ["back", "front"] { try await live.wait(name, is: "ready", deadline: .seconds(240)) }
                let connected = try #require(live.all("cluster.connected").first)
                #expect(connected["context"]?.string == "this machine")
                let address = try await Self.address(live)
                #expect(await Address.get(address) == "teller one")
                // What manifests say of variables, files, arguments and other services.
                #expect(await Address.get(address, "/MODE") == "first")
                #expect(await Address.get(address, "/PORT") == "18080")
                #expect(await Address.get(address, "/POD") == "front-1")
                let key = try #require(await Address.get(address, "/KEY"))
                #expect(key.hasSuffix("/front-1/front/etc/keys/key.txt"))
                #expect(await Address.get(address, "/files\(key)") == "from-a-secret")
                let backPort = try #require(await Address.get(address, "/BACK_SERVICE_PORT"))
                #expect(backPort != "18080" && Int(backPort) != nil)
                #expect(await Address.get(address, "/BACK") == "http://127.0.0.1:\(backPort)")
                #expect(await Address.get(address, "/through/BACK") == "teller one")
                // Nothing of the user's own environment.
                #expect(await Address.get(address, "/KUBECONFIG") == "unset")
                let told = live.all("log.written", resource: "front").compactMap { $0["text"]?.string }
                #expect(told.contains("teller one starts with --port=18080 --key=\(key) \(backPort)"))

                let pid = await Address.get(address, "/pid")
                let before = live.last
                try project.write("two")
                let served = try await live.wait(
                    "save.served", resource: "front", after: before, deadline: .seconds(60))
                #expect(served["way"]?.string == "sync")
                for stage in ["watch", "settle", "build", "send", "restart", "ready"] {
                    #expect(served.at("stages", stage)?.int != nil, "no stage \(stage) in \(served.jsonText)")
                }
                #expect(await Address.get(address) == "teller two")
                #expect(await Address.get(address, "/pid") != pid)
                try await live.wait("save.served", resource: "back", after: before)
                #expect(await Address.get(address, "/through/BACK") == "teller two")

                // Broken, told with its place; what runs serves on; healed.
                try project.write("three", start: "let broken: Int = \"text\"")
                let failed = try await live.wait("build.diagnosed", after: before)
                #expect(failed["file"]?.string?.hasSuffix("Sources/teller/main.swift") == true)
                #expect(await Address.get(address) == "teller two")
                let healing = live.last
                try project.write("three")
                try await live.wait("save.served", resource: "front", after: healing, deadline: .seconds(60))
                #expect(await Address.get(address) == "teller three")
                family = live.family()
                #expect(live.strangeLines.isEmpty)
                #expect(await live.interrupt() == .exited(130))
                #expect(await Address.get(address) == nil)
            }
            let isGone = await poll(deadline: .seconds(3)) { !family.contains(where: LiveProcesses.isRunning) }
            #expect(isGone, "still there: \(family.filter(LiveProcesses.isRunning).map(LiveProcesses.command))")
        }

        @Test func aChangedConfigMapMakesANewPodAndAManifestAService() async throws {
            let project = try Self.pair()
            try await LiveDevloop.run(["--local"], in: project.path, environment: Self.alone) { live in
                for name in ["back", "front"] { try await live.wait(name, is: "ready", deadline: .seconds(240)) }
                let address = try await Self.address(live)
                let before = live.last
                try project.folder.write(
                    "app.yaml",
                    Self.settings("MODE: second") + Self.front + LocalProject.service("front", port: 80) + Self.back
                        + LocalProject.service("back", port: 18_080))
                try await live.wait("save.served", resource: "front", after: before, deadline: .seconds(30))
                #expect(await Address.get(address, "/MODE") == "second")
                #expect(await Address.get(address, "/POD") == "front-2")
                #expect(live.all("build.started", after: before).isEmpty)
                // One that leaves the spec is ended.
                let left = live.last
                try project.folder.write(
                    "app.yaml", Self.settings("MODE: second") + Self.front + LocalProject.service("front", port: 80))
                try project.folder.write("Devloopfile", "swift_image('local.test/teller')\nk8s_yaml('app.yaml')\n")
                try await live.wait("object.pruned", after: left) { $0["object"]?.string == "deployment/back" }
                #expect(await live.interrupt() == .exited(130))
            }
        }

        @Test func whatCannotRunIsNamedWithWhatToDo() async throws {
            let sound = LocalProject.deployment(
                "sound", port: 18_090, container: "env: [{name: PORT, value: \"18090\"}]")
            let manifests =
                sound
                + LocalProject.deployment("db", port: 5432, image: "postgres:15")
                + LocalProject.deployment(
                    "claims", port: 18_091, container: "volumeMounts: [{name: d, mountPath: /data}]",
                    pod: "volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]")
                + LocalProject.deployment(
                    "unset", port: 18_092, container: "envFrom: [{configMapRef: {name: none}}]")
                + LocalProject.deployment(
                    "unmounted", port: 18_093, container: "volumeMounts: [{name: d, mountPath: /data}]",
                    pod: "volumes: [{name: d, secret: {secretName: none}}]")
                + LocalProject.deployment("absent", port: 18_094, container: "command: [/app/nothing]")
                + LocalProject.deployment(
                    "ends", port: 18_095, container: "command: [/bin/sh, -c, 'echo last words; exit 7']")
                + LocalProject.deployment(
                    "busy", port: 18_090,
                    container: "env: [{name: PORT, value: \"18090\"}]\nlivenessProbe: {tcpSocket: {port: 18090}}")
            let project = try LocalProject(manifests: manifests)
            try await LiveDevloop.run(["--local"], in: project.path, environment: Self.alone) { live in
                try await live.wait("sound", is: "ready", deadline: .seconds(240))
                let rows: [(resource: String, code: String, says: String, hint: String)] = [
                    ("db", "ErrImageNeverPull", "postgres:15", "k8s_resource('db', local_address='localhost:5432')"),
                    ("claims", "VolumeNotBound", "the volume claim data", "local_address"),
                    ("unset", "CreateContainerConfigError", "configmap \"none\" not found", "make the ConfigMap none"),
                    ("unmounted", "VolumeNotMounted", "secret \"none\" not found", "must exist"),
                    ("absent", "StartError", "/app/nothing", "check the command"),
                    ("ends", "CrashLoopBackOff", "ended with exit code 7", "its last lines say why"),
                ]
                for row in rows {
                    let pod = try await live.wait("pod.changed", resource: row.resource, deadline: .seconds(40)) {
                        $0["reason"]?.string == row.code
                    }
                    #expect(pod["message"]?.string?.contains(row.says) == true, "\(pod.jsonText)")
                    #expect(pod["hint"]?.string?.contains(row.hint) == true, "\(pod.jsonText)")
                }
                // The others are not disturbed, and one whose port is taken has another.
                try await live.wait("busy", is: "ready", deadline: .seconds(30))
                #expect(await live.interrupt() == .exited(130))
            }
        }

        @Test func aStoreIsGivenByItsAddress() async throws {
            let project = try LocalProject(
                """
                k8s_yaml('app.yaml')
                local_resource('store', serve_cmd=['sh', '-c', 'exec "$TELLER"'], serve_env={'PORT': '18097', 'TELLER': os.environ['TELLER']})
                k8s_resource('db', local_address='127.0.0.1:18097')
                k8s_resource('app', resource_deps=['db'], port_forwards='18096')
                """,
                manifests: LocalProject.deployment("db", port: 5432, image: "postgres:15")
                    + LocalProject.service("db", port: 5432)
                    + LocalProject.deployment(
                        "app", port: 18_096,
                        container: """
                            env:
                              - {name: PORT, value: "18096"}
                              - {name: STORE, value: "db.default.svc:5432"}
                            """))
            // The store is the program itself, built before.
            let built = try await ProcessRunner.run(
                ProcessCommand(["swift", "build", "--scratch-path", "store"], directory: project.path))
            try #require(built.status.isSuccess, "\(built.outputText)\(built.errorText)")
            let environment = Self.alone.merging(["TELLER": "\(project.path)/store/debug/teller"]) { $1 }
            try await LiveDevloop.run(["--local"], in: project.path, environment: environment) { live in
                try await live.wait("app", is: "ready", deadline: .seconds(240))
                #expect(await Address.get("127.0.0.1:18096", "/DB_SERVICE_HOST") == "127.0.0.1")
                #expect(await Address.get("127.0.0.1:18096", "/STORE") == "127.0.0.1:18097")
                #expect(await Address.get("127.0.0.1:18096", "/through/STORE") == "teller one")
                #expect(await live.interrupt() == .exited(130))
            }
        }

        @Test func aProgramThatEndsAtOnceIsToldAndWaitsForTheNextSave() async throws {
            let project = try Self.pair()
            try await LiveDevloop.run(["--local", "front"], in: project.path, environment: Self.alone) { live in
                // Mixed mode needs its cluster, and waits for it.
                try await live.wait("cluster.failed")
                #expect(await live.interrupt() == .exited(130))
            }
            try await LiveDevloop.run(["front", "--local"], in: project.path, environment: Self.alone) { live in
                try await live.wait("front", is: "ready", deadline: .seconds(240))
                let address = try await Self.address(live)
                // An end without a save before it is what it is in a cluster: the container is started again.
                let ending = live.last
                _ = await Address.get(address, "/end/3")
                try await live.wait("pod.changed", resource: "front", after: ending, deadline: .seconds(30)) {
                    $0["ready"]?.bool == true && $0["restarts"]?.int == 1
                }
                #expect(await Address.get(address) == "teller one")
                let before = live.last
                try project.write("broken", start: "exit(9)")
                let exited = try await live.wait(
                    "process.exited", resource: "front", after: before, deadline: .seconds(60))
                #expect(exited["code"]?.int == 9)
                try await live.wait("front", is: "failed", after: before)
                let healing = live.last
                try project.write("healed")
                try await live.wait("save.served", resource: "front", after: healing, deadline: .seconds(60))
                #expect(await Address.get(address) == "teller healed")
                #expect(await live.interrupt() == .exited(130))
            }
        }

        @Test func aNameThatIsNoResourceIsWrongUsage() async throws {
            let project = try Self.pair()
            let result = try await Devloop.run(
                ["up", "--ui", "plain", "--local", "frnt"], in: project.path, environment: Self.alone)
            #expect(result.code == 2)
            #expect(result.errorText.contains("there is no resource \"frnt\""), "\(result.errorText)")
        }

        @Test func aHeadlessRunTellsWhetherAllIsWell() async throws {
            let project = try Self.pair()
            let good = try await Devloop.run(
                ["ci", "--local", "--ui", "json"], in: project.path, environment: Self.alone)
            #expect(good.code == 0, "\(good.outputText.suffix(3000))\(good.errorText)")
            try project.write("bad", start: "exit(5)")
            let bad = try await Devloop.run(
                ["ci", "--local", "--ui", "json", "--report", "json=report.json"], in: project.path,
                environment: Self.alone)
            #expect(bad.code == 1)
            #expect(bad.errorText.contains("exit code 5"), "\(bad.errorText)")
            #expect(LiveProcesses.matching("\(project.path)/").isEmpty)
        }

        @Test func withoutAnyContextUpRunsHere() async throws {
            let project = try Self.pair()
            let home = try TemporaryDirectory("home")
            let environment = ["HOME": home.path, "KUBECONFIG": "", "XDG_CACHE_HOME": home("cache")]
            try await LiveDevloop.run(["back"], in: project.path, environment: environment) { live in
                let connected = try await live.wait("cluster.connected")
                #expect(connected["context"]?.string == "this machine")
                #expect(await live.interrupt() == .exited(130))
            }
            // What a session leaves on disk goes with it.
            #expect(TestFiles.names(home("cache/devloop/local")).isEmpty)
        }
    }
}
