// SPDX-License-Identifier: Apache-2.0

/// Decides which sources a build might wrongly take for unchanged.
///
/// The incremental compiler compares times of whole seconds with the time of its last run. An edit within the second of
/// that run, or one that brings an older time (a file moved into place), is skipped, and skipped again by every later
/// build. Removing the file's object makes the compiler look at it.
struct FreshnessGuard: Sendable, Equatable {
    /// When the last build ran, in nanoseconds since 1970; nil before the first one of this scratch folder.
    struct Window: Sendable, Equatable {
        var start: Int
        /// Nil while it runs, and for a build that was killed together with devloop.
        var end: Int?
    }

    var window: Window?
    /// Sources whose changes no build that succeeded has covered yet.
    var pending: Set<String> = []
    /// Sources as they were when they were last compiled for certain.
    private(set) var verified: [String: FileStamp] = [:]

    /// The kernel's file times lag behind its clock by up to one tick.
    private static let tick = 10_000_000
    private static let second = 1_000_000_000

    /// The sources that this build has to compile.
    /// - Parameter sources: every Swift source that is known, with its stamp.
    func expected(_ sources: [String: FileStamp], changed: [String]) -> Set<String> {
        let told = pending.union(changed)
        return Set(
            sources.compactMap { path, stamp in
                guard verified[path] != stamp else { return nil }
                if told.contains(path) { return path }
                guard let window else { return nil }
                // Not told, but changed since the last build looked at it.
                return Self.seconds(stamp.modified) >= Self.seconds(window.start - Self.tick) ? path : nil
            })
    }

    /// Whether the compiler would take a changed file for unchanged.
    func needsRemoval(_ stamp: FileStamp) -> Bool {
        guard let window else { return false }
        guard let end = window.end else { return true }
        return Self.seconds(stamp.modified) <= Self.seconds(end)
    }

    /// Notes that these were compiled by a build that has succeeded.
    mutating func succeeded(_ compiled: [String: FileStamp]) {
        verified.merge(compiled) { $1 }
        pending = []
    }

    private static func seconds(_ nanoseconds: Int) -> Int { nanoseconds / second }
}

extension FreshnessGuard.Window {
    /// One line for the file in the scratch folder that carries the window over to the next session.
    var text: String { "\(start) \(end.map(String.init) ?? "-")\n" }

    init?(text: String) {
        let parts = text.split(whereSeparator: \.isWhitespace)
        guard parts.count == 2, let start = Int(parts[0]) else { return nil }
        self.init(start: start, end: Int(parts[1]))
    }
}
