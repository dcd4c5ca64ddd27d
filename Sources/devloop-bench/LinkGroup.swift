// SPDX-License-Identifier: Apache-2.0

/// What is measured with the Hummingbird service: what a session takes at rest, then edits.
struct LinkGroup {
    static let namespace = "devloop-bench-link"

    let context: BenchContext
    let cluster: BenchCluster
    let rows: Set<String>

    func run() async throws -> [RowResult] {
        try await cluster.freshNamespace(Self.namespace)
        let directory = "\(context.work)/delinkcious"
        context.say("  link: bringing it up; the first time all of its packages are compiled")
        return try await UpSession.run(
            context, resource: "link-manager", spec: "services/link_service/Devloopfile", directory: directory,
            namespace: Self.namespace
        ) { session in
            let pod = try await cluster.pod(Self.namespace)
            var results: [RowResult] = []
            if rows.contains("idle") { results += try await idle(session, pod) }
            if rows.contains("link") {
                let copy = "\(context.work)/services-plain"
                let edits = SwiftEdits(
                    context: context, session: session, pod: PodClient(address: pod.address),
                    source: "\(directory)/services/Sources/link_service/Banner.swift", plainPackage: copy,
                    plainSource: "\(copy)/Sources/link_service/Banner.swift", name: "link")
                results += try await edits.run()
            }
            return results
        }
    }

    private func idle(_ session: UpSession, _ pod: BenchCluster.Pod) async throws -> [RowResult] {
        context.say("  idle: 60 seconds")
        try await Task.sleep(for: .seconds(30))
        let before = try ProcessFacts.processorMilliseconds(session.pid)
        let start = ContinuousClock.now
        try await Task.sleep(for: .seconds(30))
        let used = try ProcessFacts.processorMilliseconds(session.pid) - before
        let time = (ContinuousClock.now - start).inMilliseconds
        var results = [
            RowResult("up-memory", [try ProcessFacts.residentMegabytes(session.pid)]),
            RowResult("up-cpu", [used / time * 100]),
        ]
        // The node is on this machine: the agent is the container's first process.
        let agents = ProcessFacts.matching("environ", "HOSTNAME=\(pod.name)").filter { pid in
            (try? Files.text("/proc/\(pid)/cmdline"))?.hasPrefix("/devloop/agent") == true
        }
        if let agent = agents.first {
            results.append(RowResult("agent-memory", [try ProcessFacts.residentMegabytes(agent)]))
        }
        return results
    }
}
