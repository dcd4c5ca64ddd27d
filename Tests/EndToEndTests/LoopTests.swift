// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// Builds that write their own inputs, with real commands and the real watcher.
    @Suite(.serialized)
    struct LoopTests {
        /// How often the command has run so far; it notes that in a file that is ignored.
        static func runs(_ folder: TemporaryDirectory) -> Int {
            ((try? TestFiles.read(folder("runs.log"))) ?? "").split(separator: "\n").count
        }

        /// Saves something that only `other` is made from, and waits for it: whatever was to start has started.
        static func passes(_ live: LiveDevloop, _ folder: TemporaryDirectory, _ text: String) async throws {
            let before = live.last
            try folder.write("other.txt", text)
            try await live.wait("save.served", resource: "other", after: before)
        }

        @Test func aCommandThatWritesItsOwnInputsIsNamedAndStopped() async throws {
            try await Cluster.run("loop") { cluster in
                let project = try Project(
                    """
                    local_resource('stamp', cmd='echo run >> runs.log; date +%s%N > src/stamp.txt', deps=['src'])
                    local_resource('other', cmd='true', deps=['other.txt'])

                    """)
                try project.folder.write(".devloopignore", "runs.log\n")
                try project.folder.write("src/in.txt", "one\n")
                try project.folder.write("other.txt", "one\n")
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    try await live.wait("stamp", is: "ready")
                    try await live.wait("other", is: "ready")
                    // The first run wrote before anything was watched, perhaps.
                    try project.folder.write("src/in.txt", "two\n")
                    let warning = try await live.wait("watch.warned", resource: "stamp")
                    let text = warning["message"]?.string ?? ""
                    #expect(
                        text.hasPrefix("the command of stamp writes src/stamp.txt, one of its own inputs, each time"))
                    #expect(warning["hint"]?.string?.contains("ignore it") == true)
                    // On a machine with much to do the rounds are less alike, and there are more of them.
                    try await Self.passes(live, project.folder, "two\n")
                    let stopped = Self.runs(project.folder)
                    #expect((5...30).contains(stopped))
                    try await Self.passes(live, project.folder, "three\n")
                    #expect(Self.runs(project.folder) == stopped)
                    // A save of something else goes on, until it is a loop again.
                    let before = live.last
                    try project.folder.write("src/in.txt", "three\n")
                    try await live.wait("watch.warned", resource: "stamp", after: before)
                    #expect(Self.runs(project.folder) > stopped)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        @Test func anImageWhoseBuildWritesIntoItsInputsIsNamedAndStopped() async throws {
            try await Cluster.run("loop") { cluster in
                let socket = "\(cluster.kubeconfig.dropLast("admin.conf".count))run/containerd.sock"
                let tag = "ctr -a \(socket) -n k8s.io images tag --force \(Cluster.busybox) docker.io/$EXPECTED_REF"
                let project = try Project(
                    """
                    custom_build(
                        'example/site', 'echo run >> runs.log; \(tag) && date +%s%N > src/stamp.txt', deps=['src'],
                        disable_push=True, skips_local_docker=True)
                    k8s_yaml('app.yaml')
                    local_resource('other', cmd='true', deps=['other.txt'])

                    """,
                    manifest: Project.deployment(
                        command: ["/bin/busybox", "sleep", "3600"], image: "example/site"))
                try project.folder.write("src/in.txt", "one\n")
                try project.folder.write("other.txt", "one\n")
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    try await live.wait("app", is: "starting")
                    try project.folder.write("src/in.txt", "two\n")
                    let warning = try await live.wait("watch.warned", resource: "app", deadline: .seconds(180))
                    let text = warning["message"]?.string ?? ""
                    #expect(text.hasPrefix("the build of example/site writes src/stamp.txt, one of its own inputs"))
                    // What is under way comes to its end, and serves.
                    try await live.wait("app", is: "ready", after: warning["seq"]?.int ?? 0)
                    let stopped = Self.runs(project.folder)
                    // One that is replaced at once may not have come to its note.
                    #expect((3...30).contains(stopped))
                    try await Self.passes(live, project.folder, "two\n")
                    #expect(Self.runs(project.folder) == stopped)
                    // A save of something else makes it again.
                    let before = live.last
                    try project.folder.write("src/other.txt", "new\n")
                    try await live.wait("image.packed", resource: "app", after: before)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }
    }
}
