// SPDX-License-Identifier: Apache-2.0

/// Decides which sources a build might wrongly take for unchanged.
///
/// The incremental compiler compares times of whole seconds with the time of its last run. An edit within the second of
/// that run, or one that brings an older time (a file moved into place), is skipped, and skipped again by every later
/// build. Removing the file's object makes the compiler look at it.
struct FreshnessGuard: Sendable, Equatable {
    /// What the builds so far have covered, in nanoseconds since 1970; nil before the first one of this scratch folder.
    struct Window: Sendable, Equatable {
        /// Sources that have not changed since then are built: the start of the last build that succeeded, else of the
        /// first one at all.
        var since: Int
        /// When the last build ended, however; nil while it runs, and for one that was killed together with devloop.
        var end: Int?
    }

    var window: Window?
    /// Sources whose changes no build has covered yet.
    var pending: Set<String> = []
    /// Sources as they were when they were last compiled for certain.
    private(set) var verified: [String: FileStamp] = [:]

    /// The kernel's file times lag behind its clock by up to one tick.
    private static let tick = 10_000_000
    private static let second = 1_000_000_000

    /// The sources that this build has to compile.
    /// - Parameter sources: every Swift source that is known, with its stamp.
    func expected(_ sources: [String: FileStamp]) -> Set<String> {
        Set(
            sources.compactMap { path, stamp in
                guard verified[path] != stamp else { return nil }
                if pending.contains(path) { return path }
                // Not told, but it came or changed since: a moved file has an old time of content, and a new one of
                // its own.
                guard let window else { return nil }
                return Self.latest(stamp) >= window.since - Self.tick ? path : nil
            })
    }

    /// Whether the compiler would take a changed file for unchanged.
    func needsRemoval(_ stamp: FileStamp) -> Bool {
        guard let window else { return false }
        guard let end = window.end else { return true }
        return Self.seconds(stamp.modified) <= Self.seconds(end)
    }

    /// Whether an object is older than a module, and the compiler could not tell.
    static func isLagging(_ object: Int, behind modules: [Int]) -> Bool {
        modules.contains { $0 > object && seconds($0) == seconds(object) }
    }

    /// Whether an object was written by a build that began then.
    static func isMade(_ object: FileStamp, since start: Int) -> Bool { latest(object) >= start - tick }

    /// A build begins.
    mutating func open(at start: Int) {
        window = Window(since: window?.since ?? start, end: nil)
    }

    /// A build has ended without success, or was cancelled.
    /// - Parameter compiled: what it has compiled all the same.
    mutating func failed(at end: Int, compiled: [String: FileStamp]) {
        window?.end = end
        cover(compiled)
    }

    /// A build that began at `start` has succeeded.
    /// - Parameter missed: what it should have compiled and has not.
    mutating func succeeded(
        from start: Int, at end: Int, compiled: [String: FileStamp], missed: Set<String>
    ) {
        cover(compiled)
        pending = missed
        window = Window(since: missed.isEmpty ? start : window?.since ?? start, end: end)
    }

    private mutating func cover(_ compiled: [String: FileStamp]) {
        verified.merge(compiled) { $1 }
        pending.subtract(compiled.keys)
    }

    /// The last moment at which the file may have changed; some file systems keep whole seconds.
    private static func latest(_ stamp: FileStamp) -> Int {
        let time = max(stamp.modified, stamp.changed)
        return time % second == 0 ? time + second - 1 : time
    }

    private static func seconds(_ nanoseconds: Int) -> Int { nanoseconds / second }
}

extension FreshnessGuard.Window {
    /// One line for the file in the scratch folder that carries the window over to the next session.
    var text: String { "\(since) \(end.map(String.init) ?? "-")\n" }

    /// Nil for a text that was not written by ``text``.
    init?(text: String) {
        let parts = text.split(whereSeparator: \.isWhitespace)
        guard parts.count == 2, let since = Int(parts[0]), parts[1] == "-" || Int(parts[1]) != nil else { return nil }
        self.init(since: since, end: Int(parts[1]))
    }
}
