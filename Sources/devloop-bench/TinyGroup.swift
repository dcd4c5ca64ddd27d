// SPDX-License-Identifier: Apache-2.0

/// What is measured with the small program in a live container: files, big files, files that start it anew, edits.
struct TinyGroup {
    static let namespace = "devloop-bench-tiny"

    let context: BenchContext
    let cluster: BenchCluster
    let rows: Set<String>

    func run() async throws -> [RowResult] {
        try await cluster.freshNamespace(Self.namespace)
        let specs = "\(context.work)/specs"
        let big = BigFiles(folder: "\(specs)/tiny/Big", sizes: [30_000_000, 90_000_000])
        let data = BigFiles(folder: "\(specs)/tiny/Data", sizes: [1_000, 30_000_000, 90_000_000])
        try big.make()
        try data.make()
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
                for size in big.sizes {
                    let row = "file-\(size / 1_000_000)"
                    context.say("  \(row): \(context.saves) saves")
                    results.append(try await overwritten(row, big, size, at: "at", session, pod))
                }
            }
            if rows.contains("restart") {
                for size in data.sizes {
                    // 1 KB has the number 0.
                    let row = "restart-\(size / 1_000_000)"
                    context.say("  \(row): \(context.saves) saves")
                    results.append(try await overwritten(row, data, size, at: "run", restarts: true, session, pod))
                }
            }
            return results
        }
    }

    private func staticFile(_ path: String, _ session: UpSession, _ pod: PodClient) async throws -> RowResult {
        try await saves("static", session, pod, at: "/Public/page.txt") { try Files.write(path, Array("\($0)\n".utf8)) }
    }

    private func overwritten(
        _ row: String, _ files: BigFiles, _ size: Int, at place: String, restarts: Bool = false,
        _ session: UpSession, _ pod: PodClient
    ) async throws -> RowResult {
        let offset = size / 2 + 7
        return try await saves(row, session, pod, at: "/\(place)/\(offset)/\(size).bin", restarts: restarts) {
            try Files.overwrite(files.path(size), at: offset, Array($0.utf8))
        }
    }

    /// - Parameter restarts: what counts is the answer of a process that was started after the save.
    private func saves(
        _ row: String, _ session: UpSession, _ pod: PodClient, at path: String, restarts: Bool = false,
        write: (String) throws -> Void
    ) async throws -> RowResult {
        var markers = Markers()
        var (times, profile) = ([Double](), Profile())
        for round in -2..<context.saves {
            let marker = markers.next()
            // A save after a moment of rest, as a person makes it.
            try await Task.sleep(for: .milliseconds(250))
            let mark = session.inbox.count
            let process = restarts ? pod.get(path).map(PodClient.process) : nil
            let start = ContinuousClock.now
            try write(marker)
            let seen = try await pod.wait(for: marker, at: path, otherThan: process, deadline: .seconds(60))
            let event = try await session.served(since: mark)
            guard round >= 0 else { continue }
            times.append((seen - start).inMilliseconds)
            profile.add(event)
        }
        return RowResult(row, times, profile: profile.medians)
    }
}

/// Files with bytes that do not repeat, named by their sizes.
struct BigFiles {
    let folder: String
    /// Bytes, multiples of 8.
    let sizes: [Int]

    func path(_ size: Int) -> String { "\(folder)/\(size).bin" }

    func make() throws {
        try Files.makeDirectory(folder)
        for size in sizes where (try? Files.size(path(size))) != size {
            var state = UInt64(size)
            var bytes: [UInt8] = []
            bytes.reserveCapacity(size)
            for _ in 0..<(size / 8) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                withUnsafeBytes(of: state.byteSwapped) { bytes += $0 }
            }
            try Files.write(path(size), bytes)
        }
    }
}
