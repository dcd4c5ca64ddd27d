// SPDX-License-Identifier: Apache-2.0

/// Saves that need a new image and a new Pod, with nothing to compile.
struct ImageGroup {
    static let namespace = "devloop-bench-image"

    let context: BenchContext
    let cluster: BenchCluster

    func run() async throws -> [RowResult] {
        try await cluster.freshNamespace(Self.namespace)
        let specs = "\(context.work)/specs"
        context.say("  image: bringing it up")
        return try await UpSession.run(
            context, resource: "tiny", spec: "image/Devloopfile", directory: specs, namespace: Self.namespace
        ) { session in
            context.say("  image: \(context.saves) saves")
            var markers = Markers()
            var (times, profile) = ([Double](), Profile())
            for round in -1..<context.saves {
                try await Task.sleep(for: .milliseconds(250))
                let old = Set(try await cluster.pods(Self.namespace))
                let mark = session.inbox.count
                let marker = markers.next()
                let start = ContinuousClock.now
                try Files.write("\(specs)/tiny/Public/page.txt", Array("\(marker)\n".utf8))
                let seen = try await newPod(besides: old, shows: marker)
                let event = try await session.served(since: mark, deadline: .seconds(30))
                guard round >= 0 else { continue }
                times.append((seen - start).inMilliseconds)
                profile.add(event)
            }
            return [RowResult("image", times, profile: profile.medians)]
        }
    }

    /// Asks for new Pods every 24 ms, and those every 4 ms.
    private func newPod(
        besides old: Set<BenchCluster.Pod>, shows marker: String
    ) async throws -> ContinuousClock.Instant {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            let new = try await cluster.pods(Self.namespace).filter { !old.contains($0) }
            for _ in 0..<6 {
                let asked = ContinuousClock.now
                for pod in new {
                    if let body = PodClient(address: pod.address).get("/Public/page.txt"),
                        PodClient.holds(body, Array(marker.utf8))
                    {
                        return .now
                    }
                }
                try await Task.sleep(until: asked + .milliseconds(4), tolerance: .zero)
            }
        }
        throw BenchFailure("no new Pod showed the save within 60 s")
    }
}
