// SPDX-License-Identifier: Apache-2.0

/// What is measured with the small program in a live container: files, big files, edits.
struct TinyGroup {
    static let namespace = "devloop-bench-tiny"

    let context: BenchContext
    let cluster: BenchCluster
    let rows: Set<String>

    func run() async throws -> [RowResult] {
        try await cluster.freshNamespace(Self.namespace)
        let specs = "\(context.work)/specs"
        let big = BigFiles(folder: "\(specs)/tiny/Big")
        try big.make()
        context.say("  tiny: bringing it up")
        return try await UpSession.run(
            context, resource: "tiny", spec: "live/Devloopfile", directory: specs, namespace: Self.namespace
        ) { session in
            let pod = PodClient(address: try await cluster.pod(Self.namespace).address)
            var results: [RowResult] = []
            if rows.contains("static") {
                context.say("  static: \(context.saves) saves")
                results.append(try await staticFile("\(specs)/tiny/Public/page.txt", session, pod))
            }
            if rows.contains("tiny") {
                let copy = "\(context.work)/tiny-plain"
                let edits = SwiftEdits(
                    context: context, session: session, pod: pod, source: "\(specs)/tiny/Sources/tiny/Banner.swift",
                    plainPackage: copy, plainSource: "\(copy)/Sources/tiny/Banner.swift", name: "tiny")
                results += try await edits.run()
            }
            if rows.contains("big") {
                for size in BigFiles.sizes {
                    context.say("  file-\(size): \(context.saves) saves")
                    results.append(try await bigFile(big, size, session, pod))
                }
            }
            return results
        }
    }

    private func staticFile(_ path: String, _ session: UpSession, _ pod: PodClient) async throws -> RowResult {
        try await saves("static", session, pod, at: "/Public/page.txt") { try Files.write(path, Array("\($0)\n".utf8)) }
    }

    private func bigFile(
        _ big: BigFiles, _ size: Int, _ session: UpSession, _ pod: PodClient
    ) async throws -> RowResult {
        let offset = size * 1_000_000 / 2 + 7
        return try await saves("file-\(size)", session, pod, at: "/at/\(offset)/\(size).bin") {
            try Files.overwrite(big.path(size), at: offset, Array($0.utf8))
        }
    }

    private func saves(
        _ row: String, _ session: UpSession, _ pod: PodClient, at path: String, write: (String) throws -> Void
    ) async throws -> RowResult {
        var markers = Markers()
        var (times, profile) = ([Double](), Profile())
        for round in -2..<context.saves {
            let marker = markers.next()
            // A save after a moment of rest, as a person makes it.
            try await Task.sleep(for: .milliseconds(250))
            let mark = session.inbox.count
            let start = ContinuousClock.now
            try write(marker)
            let seen = try await pod.wait(for: marker, at: path, deadline: .seconds(60))
            let event = try await session.served(since: mark)
            guard round >= 0 else { continue }
            times.append((seen - start).inMilliseconds)
            profile.add(event)
        }
        return RowResult(row, times, profile: profile.medians)
    }
}

/// Files of 30 and 90 MB with bytes that do not repeat.
struct BigFiles {
    static let sizes = [30, 90]

    let folder: String

    func path(_ size: Int) -> String { "\(folder)/\(size).bin" }

    func make() throws {
        try Files.makeDirectory(folder)
        for size in Self.sizes where (try? Files.size(path(size))) != size * 1_000_000 {
            var state = UInt64(size)
            var bytes: [UInt8] = []
            bytes.reserveCapacity(size * 1_000_000)
            for _ in 0..<(size * 1_000_000 / 8) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                withUnsafeBytes(of: state.byteSwapped) { bytes += $0 }
            }
            try Files.write(path(size), bytes)
        }
    }
}
