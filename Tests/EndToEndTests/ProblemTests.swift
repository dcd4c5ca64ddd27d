// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// Everything that can be wrong with a Pod and can be brought about here, on the real cluster: what `up` says of it,
    /// and that it says so at once.
    @Suite(.serialized)
    struct ProblemTests {
        private static func project(_ troubles: [Trouble], _ more: String) throws -> Project {
            try Project(manifest: ([more] + troubles.map(\.yaml)).joined(separator: "\n---\n") + "\n")
        }

        @Test func eachIsToldWithItsCodeWithinASecond() async throws {
            try await Cluster.run("problems") { cluster in
                let project = try Self.project(Trouble.all + Trouble.workloads, Trouble.files)
                let raw = RawWatch()
                let watch = Task { await raw.follow(cluster.client, cluster.namespace) }
                defer { watch.cancel() }
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    for trouble in Trouble.all { try await Self.check(trouble, live, raw) }
                    for trouble in Trouble.workloads {
                        try await live.wait("resource.changed", resource: trouble.name, deadline: .seconds(60)) {
                            $0["state"] == "failed" && $0["reason"]?.string?.contains(trouble.says) == true
                        }
                    }
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        private static func check(_ trouble: Trouble, _ live: LiveDevloop, _ raw: RawWatch) async throws {
            // A Pod that is not ready is no failure yet.
            let isWaiting = trouble.code == "ReadinessProbeFailed"
            let told = try await live.wait("pod.changed", resource: trouble.name, deadline: .seconds(180)) { event in
                event[isWaiting ? "phase" : "reason"]?.string == trouble.code
                    && (isWaiting || event["message"]?.string?.contains(trouble.says) == true)
            }
            if isWaiting {
                try await live.wait("resource.changed", resource: trouble.name) {
                    $0["state"] == "starting" && $0["reason"]?.string?.contains(trouble.says) == true
                }
            } else {
                #expect(told["hint"]?.string?.isEmpty == false, "\(trouble.name)")
            }
            #expect(told["since"]?.string != nil, "\(trouble.name)")
            // Told by what the container's log says, which no watch brings.
            if trouble.code == "ExecFormatError" { return }
            _ = await poll { raw.sighting(trouble.name, trouble.code) != nil }
            let sighting = try #require(raw.sighting(trouble.name, trouble.code), "\(trouble.name)")
            let time = try #require(told["time"]?.string.flatMap { LogTimestamp($0) })
            let delay = .seconds(time.seconds) + .nanoseconds(time.nanoseconds) - sighting.time
            #expect(delay <= .seconds(1), "\(trouble.name)")
            if Golden.isRecording { try record(trouble, sighting) }
        }

        /// For the table of DeployTests.
        private static func record(_ trouble: Trouble, _ sighting: RawWatch.Sighting) throws {
            var pod = sighting.pod
            pod["metadata"] = [
                "name": .string(trouble.name), "creationTimestamp": pod.at("metadata", "creationTimestamp") ?? .null,
            ]
            let events = sighting.events.map { event -> JSONValue in
                var event = event
                event["metadata"] = nil
                return event
            }
            let folder = "\(Workspace.repository)/Tests/DeployTests/Recorded"
            let text = JSONValue.object(["code": .string(trouble.code), "pod": pod, "events": .array(events)]).jsonText
            try TestFiles.write("\(folder)/\(trouble.name).json", text + "\n")
        }

        @Test func aPodThatTheClusterRefusesIsTold() async throws {
            try await Cluster.run("refused") { cluster in
                let project = try Self.project(Trouble.refused, Trouble.limits)
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    for trouble in Trouble.refused {
                        try await live.wait("resource.changed", resource: trouble.name, deadline: .seconds(60)) {
                            $0["state"] == "failed" && $0["reason"]?.string?.contains(trouble.says) == true
                        }
                    }
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        /// What a container said before the session began, as far as the node has it: the run before, and the one of now.
        @Test func theRunBeforeTheSessionIsReadToo() async throws {
            try await Cluster.run("before") { cluster in
                let project = try Project(
                    manifest: """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: twice}
                        spec:
                          terminationGracePeriodSeconds: 0
                          automountServiceAccountToken: false
                          volumes: [{name: memory, emptyDir: {}}]
                          containers:
                            - name: main
                              image: \(Cluster.busybox)
                              command: [/bin/busybox, sh, -c, "[ -e /m/x ] && echo second && exec /bin/busybox sleep 3600; echo first > /m/x; echo first; exit 1"]
                              volumeMounts: [{name: memory, mountPath: /m}]

                        """)
                let environment = ["KUBECONFIG": cluster.kubeconfig]
                for _ in 1...2 {
                    try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                        live in
                        for word in ["first", "second"] {
                            try await live.wait("log.written", resource: "twice") { $0["text"]?.string == word }
                        }
                        let words = live.all("log.written", resource: "twice").compactMap { $0["text"]?.string }
                        #expect(words == ["first", "second"])
                        #expect(await live.interrupt() == .exited(130))
                    }
                }
            }
        }

        /// The container's own last words, its code and how often it was started, within seconds.
        @Test func ciEndsWithTheLastWords() async throws {
            try await Cluster.run("words") { cluster in
                let project = try Self.project(Trouble.all.filter { $0.name == "crash" }, "")
                let result = try await Devloop.run(
                    ["ci", "-n", cluster.namespace], in: project.path, environment: ["KUBECONFIG": cluster.kubeconfig])
                #expect(result.code == 1)
                for words in ["main ended with exit code 3", "1 restarts so far", "main | last words", "hint: "] {
                    #expect(result.errorText.contains(words), "\(result.errorText)")
                }
            }
        }
    }
}
