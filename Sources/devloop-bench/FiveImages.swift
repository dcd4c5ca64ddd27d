// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Images of the five services on their way to the node, as `devloop up` makes and brings them.
struct FiveImages {
    static let namespace = "devloop-bench-five"

    let context: BenchContext
    let cluster: BenchCluster
    let package: FivePackage

    private var saves: Int { min(context.saves, FiveBuilds.most) }
    /// Stages between the built program and the node's having the image.
    private static let stages: Set<String> = ["strip", "pack", "image", "deliver"]

    func run() async throws -> [RowResult] {
        var results: [RowResult] = []
        for (row, registry) in [("five-containerd", nil), ("five-registry", "127.0.0.1:15000")] {
            try await cluster.freshNamespace(Self.namespace)
            context.say("  \(row): \(saves) edits")
            results.append(try await edits(row, FivePackage.services[0], registry: registry))
        }
        context.say("  five-first: \(saves) images of a new name")
        return try await results + [firstImages()]
    }

    /// Edits of a service that runs from an image: what is between the link and the node.
    private func edits(_ row: String, _ service: String, registry: String?) async throws -> RowResult {
        let spec = try package.spec(service, image: row, registry: registry)
        return try await UpSession.run(
            context, resource: service, spec: spec, directory: package.folder, namespace: Self.namespace
        ) { session in
            let file = try BannerFile(package.source(service))
            var markers = Markers()
            var (times, profile, way) = ([Double](), Profile(), "")
            for round in -2..<saves {
                try await Task.sleep(for: .milliseconds(1_050))
                let mark = session.inbox.count
                try file.write(markers.next())
                guard let event = try await session.served(since: mark, deadline: .seconds(60)) else {
                    throw BenchFailure("no save was served within 60 s")
                }
                guard round >= 0 else { continue }
                let stages = event["stages"]?.object?.members ?? []
                times.append(stages.filter { Self.stages.contains($0.0) }.reduce(0) { $0 + ($1.1.double ?? 0) })
                profile.add(event)
                if let delivered = session.inbox.events("image.delivered", since: mark).last {
                    way = "\(delivered["way"]?.string ?? "?"), \(delivered["sent"]?.int ?? 0) bytes in the last one"
                }
            }
            return RowResult(row, times, profile: profile.medians, notes: ["way: \(way)"])
        }
    }

    /// Each with a program and a name that the node has never seen; what images of the other services brought, it has.
    private func firstImages() async throws -> RowResult {
        let run = UInt32.random(in: 0...UInt32.max)
        var markers = Markers()
        var times: [Double] = []
        var notes: [String] = []
        for round in -1..<saves {
            let service = FivePackage.services[(round + 1) % FivePackage.services.count]
            try await Task.sleep(for: .milliseconds(1_050))
            try BannerFile(package.source(service)).write(markers.next())
            let name = "first-\(String(run, radix: 16))-\(round + 1)"
            let spec = try package.spec(service, image: name, registry: nil)
            defer { Files.remove(spec) }
            let inbox = try await UpSession.run(
                context, resource: service, spec: spec, directory: package.folder, namespace: Self.namespace
            ) { $0.inbox }
            let events = inbox.events("image.packed") + inbox.events("image.delivered")
            guard round >= 0 else { continue }
            times.append(events.reduce(0) { $0 + ($1["duration"]?.double ?? 0) })
            if let sent = inbox.events("image.delivered").last?["sent"]?.int {
                notes = ["\(sent) bytes in the last one"]
            }
        }
        return RowResult("five-first", times, notes: notes)
    }
}
