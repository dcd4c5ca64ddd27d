// SPDX-License-Identifier: Apache-2.0

/// One-line edits of a program: one through devloop, then the same one by `swift build` alone, in turn.
struct SwiftEdits {
    let context: BenchContext
    let session: UpSession
    let pod: PodClient
    /// The source that devloop watches.
    let source: String
    /// The same in a copy that it does not watch.
    let plainPackage: String
    let plainSource: String
    /// Prefix of the rows' ids.
    let name: String

    func run() async throws -> [RowResult] {
        let (live, plain) = (try BannerFile(source), try BannerFile(plainSource))
        let build = PlainBuild(context: context, package: plainPackage)
        context.say("  \(name): building the copy for swift build alone")
        _ = try await build.run()
        var markers = Markers()
        var (edits, builds, differences) = ([Double](), [Double](), [Double]())
        var (profile, skipped) = (Profile(), 0)
        // Two for warming up.
        for round in -2..<context.saves {
            let marker = markers.next()
            try await leaveSecond()
            let mark = session.inbox.count
            let start = ContinuousClock.now
            try live.write(marker)
            let seen = try await pod.wait(for: marker, at: "/", deadline: .seconds(60))
            let event = try await session.served(since: mark)
            try await leaveSecond()
            let before = ContinuousClock.now
            try plain.write(marker)
            let written = (ContinuousClock.now - before).inMilliseconds
            let (milliseconds, output) = try await build.run()
            guard round >= 0 else { continue }
            // What was skipped by the compiler is no edit.
            guard output.contains("Compiling") else {
                skipped += 1
                continue
            }
            edits.append((seen - start).inMilliseconds)
            builds.append(written + milliseconds)
            differences.append((seen - start).inMilliseconds - written - milliseconds)
            profile.add(event)
        }
        let notes = skipped == 0 ? [] : ["\(skipped) pairs left out: swift build took the edit for none"]
        return [
            RowResult("\(name)-edit", edits, profile: profile.medians, notes: notes),
            RowResult("\(name)-build", builds), RowResult("\(name)-over", differences),
        ]
    }

    /// The compiler compares whole seconds: an edit within the second of the last compilation is a case of its own.
    private func leaveSecond() async throws { try await Task.sleep(for: .milliseconds(1_050)) }
}
