// SPDX-License-Identifier: Apache-2.0

/// One save to one container and to many.
///
/// Here the clock stops when devloop says `save.served`, since asking twenty Pods all the time would take the processors;
/// that it is true is looked at right after: every Pod is asked.
struct FleetGroup {
    static let namespace = "devloop-bench-fleet"
    private static let fleet = 20

    let context: BenchContext
    let cluster: BenchCluster
    private var folder: String { "\(context.work)/fleet" }
    private var page: String { "\(folder)/page/page.txt" }

    func run() async throws -> [RowResult] {
        try await cluster.freshNamespace(Self.namespace)
        try makeProject()
        context.say("  fleet: bringing it up")
        return try await UpSession.run(
            context, resource: "tiny", spec: "Devloopfile", directory: folder, namespace: Self.namespace
        ) { session in
            let one = try await saves("fleet-one", 1, session)
            try scale(to: Self.fleet)
            let many = try await saves("fleet-many", Self.fleet, session)
            return [one, many, RowResult("fleet-ratio", [many.spread.median / one.spread.median])]
        }
    }

    private func saves(_ row: String, _ count: Int, _ session: UpSession) async throws -> RowResult {
        context.say("  \(row): \(context.saves) saves")
        let pods = try await clients(count)
        var markers = Markers()
        var (times, profile) = ([Double](), Profile())
        for round in -2..<context.saves {
            let marker = markers.next()
            try await Task.sleep(for: .milliseconds(250))
            let mark = session.inbox.count
            let start = ContinuousClock.now
            try Files.write(page, Array("\(marker)\n".utf8))
            guard let event = try await session.served(since: mark) else {
                throw BenchFailure("\(row): no save was served within 10 s")
            }
            let end = ContinuousClock.now
            for pod in pods {
                guard shows(pod, marker) else {
                    throw BenchFailure("\(row): the save was called served before \(pod.address) had it")
                }
            }
            guard round >= 0 else { continue }
            times.append((end - start).inMilliseconds)
            profile.add(event)
        }
        return RowResult(row, times, profile: profile.medians)
    }

    /// The Pods, as soon as there are so many and all have the page as it is here.
    private func clients(_ count: Int) async throws -> [PodClient] {
        let page = try Files.text(self.page)
        var found: [PodClient] = []
        try await until("\(count) Pods have the page", .seconds(180)) {
            found = try await cluster.pods(Self.namespace).map { PodClient(address: $0.address) }
            return found.count == count && found.allSatisfy { shows($0, page) }
        }
        return found
    }

    private func shows(_ pod: PodClient, _ text: String) -> Bool {
        pod.get("/Public/page.txt").map { PodClient.holds($0, Array(text.utf8)) } ?? false
    }

    private func scale(to count: Int) throws {
        let manifest = try Files.text("\(context.work)/specs/tiny.yaml")
        let text = manifest.replacing("\nspec:\n", with: "\nspec:\n  replicas: \(count)\n")
        try Files.write("\(folder)/tiny.yaml", Array(text.utf8))
    }

    private func makeProject() throws {
        try Files.makeDirectory("\(folder)/page")
        try Files.write(page, Array("as it was\n".utf8))
        try Files.write(
            "\(folder)/Devloopfile",
            Array(
                """
                swift_image('bench/tiny', package='../specs/tiny', resources=[('page', '/app/Public')])
                k8s_yaml('tiny.yaml')

                """.utf8))
        try scale(to: 1)
    }
}
