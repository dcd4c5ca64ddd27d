// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Local mode: edits of the Hummingbird service as a program of this machine, and the first start of all six services.
struct LocalGroup {
    let context: BenchContext
    let rows: Set<String>

    func run() async throws -> [RowResult] {
        var results: [RowResult] = []
        if rows.contains("local") { results += try await edits() }
        if rows.contains("local-first") { results.append(try await first()) }
        return results
    }

    private func edits() async throws -> [RowResult] {
        let directory = "\(context.work)/delinkcious"
        context.say("  local: bringing it up; the first time all of its packages are compiled")
        return try await UpSession.run(
            context, resource: "link-manager", spec: "services/link_service/Devloopfile", directory: directory,
            words: ["--local"]
        ) { session in
            guard let address = session.inbox.events("forward.opened").last?["address"]?.string,
                let port = address.split(separator: ":").last.flatMap({ UInt16($0) })
            else { throw BenchFailure("no port of link-manager was told") }
            let client = PodClient(address: "127.0.0.1", port: port)
            let file = try BannerFile("\(directory)/services/Sources/link_service/Banner.swift")
            var markers = Markers()
            var (edits, rests) = ([Double](), [Double]())
            var profile = Profile()
            // Two for warming up.
            for round in -2..<context.saves {
                try await SwiftEdits.leaveSecond()
                let marker = markers.next()
                let mark = session.inbox.count
                let start = ContinuousClock.now
                try file.write(marker)
                let seen = try await client.wait(for: marker, at: "/", deadline: .seconds(60))
                guard let event = try await session.served(since: mark) else {
                    throw BenchFailure("save \(marker) was never said to be served")
                }
                guard round >= 0 else { continue }
                let edit = (seen - start).inMilliseconds
                let build = ["build", "link", "strip"].compactMap { event.at("stages", $0)?.double }.reduce(0, +)
                edits.append(edit)
                rests.append(edit - build)
                profile.add(event)
            }
            return [
                RowResult("local-edit", edits, profile: profile.medians, notes: []), RowResult("local-rest", rests),
            ]
        }
    }

    /// From a clone without anything built, packages at hand, to the moment at which all are ready.
    private func first() async throws -> RowResult {
        let directory = "\(context.work)/first"
        try Files.remove(directory)
        for name in ["services", "k8s", "Devloopfile"] {
            try Files.mirror("\(context.root)/\(name)", to: "\(directory)/\(name)")
        }
        context.say("  local-first: compiling all six services")
        return try await UpSession.run(
            context, resource: "api-gateway", spec: "Devloopfile", directory: directory, words: ["--local"]
        ) { session in
            let end = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < end {
                if let ready = session.inbox.events("session.ready").last?["duration"]?.double {
                    return RowResult("local-first", [ready / 1000])
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            throw BenchFailure("not all services became ready")
        }
    }
}
