// SPDX-License-Identifier: Apache-2.0

import ProcessRunner

/// One save to many containers, and thousands of files that `git checkout` changes.
///
/// Here the clock stops when devloop says `save.served`, since asking twenty Pods all the time would take the processors;
/// that it is true is looked at right after: every Pod is asked.
struct FleetGroup {
    static let namespace = "devloop-bench-fleet"
    private static let fleet = 20
    private static let files = 5_000
    /// How often a checkout is measured, there and back.
    private static let checkouts = 8

    let context: BenchContext
    let cluster: BenchCluster
    private var folder: String { "\(context.work)/fleet" }

    init(context: BenchContext, cluster: BenchCluster) {
        self.context = context
        self.cluster = cluster
    }

    func run() async throws -> [RowResult] {
        try await cluster.freshNamespace(Self.namespace)
        try await makeProject()
        context.say("  fleet: bringing it up")
        let session = try await UpSession(
            context, resource: "tiny", spec: "Devloopfile", directory: folder, namespace: Self.namespace)
        do {
            var results: [RowResult] = []
            let one = try await saves("fleet-one", 1, session)
            try await scale(to: Self.fleet)
            let many = try await saves("fleet-many", Self.fleet, session)
            results = [one, many, RowResult("fleet-ratio", [many.spread.median / one.spread.median])]
            try await scale(to: 3)
            results.append(try await checkout(3, session))
            await session.stop()
            return results
        } catch {
            await session.stop()
            throw error
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
            try Files.write("\(folder)/page/page.txt", Array("\(marker)\n".utf8))
            let event = try await session.served(since: mark)
            let end = ContinuousClock.now
            for pod in pods {
                guard let body = pod.get("/Public/page/page.txt"), PodClient.holds(body, Array(marker.utf8)) else {
                    throw BenchFailure("\(row): the save was called served before \(pod.address) had it")
                }
            }
            guard round >= 0 else { continue }
            times.append((end - start).inMilliseconds)
            profile.add(event)
        }
        return RowResult(row, times, profile: profile.medians)
    }

    /// From the start of `git checkout` until the last of the saves that it makes is served everywhere.
    private func checkout(_ count: Int, _ session: UpSession) async throws -> RowResult {
        context.say("  checkout: \(Self.checkouts) of \(Self.files) files")
        let pods = try await clients(count)
        var times: [Double] = []
        for round in -1..<Self.checkouts {
            let branch = round % 2 == 0 ? "two" : "one"
            try await Task.sleep(for: .milliseconds(1_000))
            var mark = session.inbox.count
            let start = ContinuousClock.now
            try await git("checkout", "-q", branch)
            while true {
                guard try await session.served(since: mark, deadline: .seconds(60)) != nil else {
                    throw BenchFailure("checkout: 60 s passed before the Pods had all files of branch \(branch)")
                }
                mark = session.inbox.count
                let end = ContinuousClock.now
                if pods.allSatisfy({ isWhole($0, branch) }) {
                    if round >= 0 { times.append((end - start).inMilliseconds) }
                    break
                }
            }
        }
        return RowResult("checkout", times)
    }

    /// Fifty of the files, the first and the last among them.
    private func isWhole(_ pod: PodClient, _ branch: String) -> Bool {
        let numbers = Array(stride(from: 0, to: Self.files, by: Self.files / 49)) + [Self.files - 1]
        return numbers.allSatisfy { number in
            pod.get("/Public/\(Self.path(number))").map { PodClient.holds($0, Array("branch \(branch)".utf8)) } ?? false
        }
    }

    private func clients(_ count: Int) async throws -> [PodClient] {
        var found: [PodClient] = []
        try await until("\(count) Pods answer", .seconds(180)) {
            found = try await cluster.pods(Self.namespace).map { PodClient(address: $0.address) }
            return found.count == count && found.allSatisfy { $0.get("/Public/page/page.txt") != nil }
        }
        // Until devloop has brought the newest to all of them, too.
        try await Task.sleep(for: .seconds(2))
        return found
    }

    private func scale(to count: Int) async throws {
        let manifest = try Files.text("\(context.work)/specs/tiny.yaml")
        let text = manifest.replacing("\nspec:\n", with: "\nspec:\n  replicas: \(count)\n")
        try Files.write("\(folder)/tiny.yaml", Array(text.utf8))
    }

    private func makeProject() async throws {
        try Files.makeDirectory(folder)
        try Files.makeDirectory("\(folder)/page")
        try Files.write("\(folder)/page/page.txt", Array("as it was\n".utf8))
        try Files.write(
            "\(folder)/Devloopfile",
            Array(
                """
                swift_image(
                    'bench/tiny',
                    package='../specs/tiny',
                    resources=[('page', '/app/Public/page'), ('tree', '/app/Public/tree')],
                )
                k8s_yaml('tiny.yaml')

                """.utf8))
        try await scale(to: 1)
        if !Files.exists("\(folder)/.git") { try await git("init", "-q", "-b", "one") }
        for branch in ["one", "two"] {
            try await git("checkout", "-q", "-f", "-B", branch)
            for number in 0..<Self.files {
                let path = "\(folder)/\(Self.path(number))"
                if number % 50 == 0 {
                    try Files.makeDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
                }
                try Files.write(path, Array("file \(number) of branch \(branch)\n".utf8))
            }
            try await git("add", "tree")
            try await git(
                "-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-q", "--allow-empty", "-m",
                branch)
        }
    }

    /// Fifty files in a folder.
    private static func path(_ number: Int) -> String { "tree/\(number / 50)/\(number).txt" }

    private func git(_ words: String...) async throws {
        let result = try await ProcessRunner.run(
            ProcessCommand(["git", "-C", folder] + words, environment: .exact(context.environment)))
        guard result.status.isSuccess else { throw BenchFailure("git \(words): \(result.errorText)") }
    }
}
