// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// One-line edits of a program: each through devloop and by `swift build` alone, in turn.
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
        // Two for warming up. Each goes first in turn: the second may find warmer caches.
        for round in -2..<context.saves {
            let marker = markers.next()
            var (edit, alone) = (0.0, PlainEdit())
            var event: JSONValue?
            if round.isMultiple(of: 2) {
                (edit, event) = try await throughDevloop(live, marker)
                alone = try await byBuildAlone(plain, build, marker)
            } else {
                alone = try await byBuildAlone(plain, build, marker)
                (edit, event) = try await throughDevloop(live, marker)
            }
            guard round >= 0 else { continue }
            // What was skipped by the compiler is no edit.
            guard alone.didCompile else {
                skipped += 1
                continue
            }
            edits.append(edit)
            builds.append(alone.milliseconds)
            differences.append(edit - alone.milliseconds)
            profile.add(event)
        }
        let notes = skipped == 0 ? [] : ["\(skipped) pairs left out: swift build took the edit for none"]
        return [
            RowResult("\(name)-edit", edits, profile: profile.medians, notes: notes),
            RowResult("\(name)-build", builds), RowResult("\(name)-over", differences),
        ]
    }

    /// - Returns: milliseconds from the write to the first answer that shows it, and devloop's own word.
    private func throughDevloop(_ file: BannerFile, _ marker: String) async throws -> (Double, JSONValue?) {
        try await Self.leaveSecond()
        let mark = session.inbox.count
        let start = ContinuousClock.now
        try file.write(marker)
        let seen = try await pod.wait(for: marker, at: "/", deadline: .seconds(60))
        return ((seen - start).inMilliseconds, try await session.served(since: mark))
    }

    private struct PlainEdit {
        var milliseconds = 0.0
        var didCompile = false
    }

    private func byBuildAlone(_ file: BannerFile, _ build: PlainBuild, _ marker: String) async throws -> PlainEdit {
        try await Self.leaveSecond()
        let start = ContinuousClock.now
        try file.write(marker)
        let written = (ContinuousClock.now - start).inMilliseconds
        let (milliseconds, output) = try await pod.asking(at: "/") { try await build.run() }
        return PlainEdit(milliseconds: written + milliseconds, didCompile: output.contains("Compiling"))
    }

    /// The compiler compares whole seconds: an edit within the second of the last compilation is a case of its own.
    static func leaveSecond() async throws { try await Task.sleep(for: .milliseconds(1_050)) }
}
