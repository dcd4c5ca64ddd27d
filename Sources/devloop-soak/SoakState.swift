// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import RandomEdits

/// How far the edits of a seed have come; written after each, so that whatever ends a run, the next one goes on.
struct SoakState: Sendable {
    /// Edits that were right.
    var done = 0
    /// Seconds, over all edits.
    var built = 0.0
    var clean = 0.0
    var builds = 0
    /// Builds that ran SwiftPM.
    var planned = 0
    /// How often the builder looked again at what the compiler had left out.
    var repeats = 0
    /// What was wrong, if something was; nothing goes on from there.
    var stale: String?

    mutating func add(_ outcome: EditRun.Outcome) {
        done += 1
        built += outcome.built.inSeconds
        clean += outcome.clean.inSeconds
        builds += outcome.builds
        planned += outcome.planned
        repeats += outcome.repeats
    }

    func summary(seed: UInt64) -> String {
        """
        seed \(seed): \(done) edits, \(builds) builds (\(planned) by SwiftPM), no stale result
        devloop's builds \(Int(built)) s (looked again \(repeats) times), clean builds \(Int(clean)) s
        """
    }
}

extension SoakState {
    var json: JSONValue {
        var json: JSONValue = [
            "done": .int(done), "built": .double(built), "clean": .double(clean), "builds": .int(builds),
            "planned": .int(planned),
            "repeats": .int(repeats),
        ]
        if let stale { json["stale"] = .string(stale) }
        return json
    }

    /// Nil for something else.
    init?(_ json: JSONValue) {
        guard let done = json["done"]?.int, let builds = json["builds"]?.int, let repeats = json["repeats"]?.int,
            let planned = json["planned"]?.int,
            let built = json["built"]?.double, let clean = json["clean"]?.double
        else { return nil }
        (self.done, self.builds, self.planned, self.repeats) = (done, builds, planned, repeats)
        (self.built, self.clean) = (built, clean)
        stale = json["stale"]?.string
    }
}

extension Duration {
    /// With its fraction.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
