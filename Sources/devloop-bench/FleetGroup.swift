// SPDX-License-Identifier: Apache-2.0

/// One save to one container and to many.
///
/// Here the clock stops when devloop says `save.served`, since asking twenty Pods all the time would take the processors;
/// that it is true is looked at right after: every Pod is asked.
struct FleetGroup {
    static let name = "fleet"
    private static let count = 20

    let context: BenchContext
    let fleet: TinyFleet

    init(context: BenchContext, cluster: BenchCluster) {
        self.context = context
        fleet = TinyFleet(Self.name, context: context, cluster: cluster)
    }

    func run() async throws -> [RowResult] {
        try fleet.make(replicas: 1)
        context.say("  fleet: bringing it up")
        return try await fleet.up { session in
            let one = try await saves("fleet-one", 1, session)
            try fleet.scale(to: Self.count)
            let many = try await saves("fleet-many", Self.count, session)
            let ratio = RowResult("fleet-ratio", [many.spread.median / one.spread.median])
            return try await [one, many, ratio] + pings()
        }
    }

    /// Beside the session, as often as it has saved.
    private func pings() async throws -> [RowResult] {
        let streams = try await PingStreams(fleet.cluster, namespace: fleet.namespace)
        var (one, many) = ([Double](), [Double]())
        do {
            for round in -2..<context.saves {
                try await Task.sleep(for: .milliseconds(250))
                let times = (try await streams.ping(1), try await streams.ping(Self.count))
                guard round >= 0 else { continue }
                one.append(times.0)
                many.append(times.1)
            }
        } catch {
            await streams.close()
            throw error
        }
        await streams.close()
        return [RowResult("fleet-ping-one", one), RowResult("fleet-ping", many)]
    }

    private func saves(_ row: String, _ count: Int, _ session: UpSession) async throws -> RowResult {
        let pods = try await fleet.clients(count)
        context.say("  \(row): \(context.saves) saves")
        var markers = Markers()
        var (times, profile) = ([Double](), Profile())
        for round in -2..<context.saves {
            let marker = markers.next()
            try await Task.sleep(for: .milliseconds(250))
            let mark = session.inbox.count
            let start = ContinuousClock.now
            try Files.write(fleet.page, Array("\(marker)\n".utf8))
            guard let (event, end) = try await session.arrival(since: mark) else {
                throw BenchFailure("\(row): no save was served within 10 s")
            }
            for pod in pods where !TinyFleet.shows(pod, "page.txt", marker) {
                throw BenchFailure("\(row): the save was called served before \(pod.address) had it")
            }
            guard round >= 0 else { continue }
            times.append((end - start).inMilliseconds)
            profile.add(event)
        }
        return RowResult(row, times, profile: profile.medians)
    }
}
