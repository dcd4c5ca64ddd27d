// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing

/// What is known of every watched file, and the decision whether it has changed.
///
/// Files are known by their stamp at once and by their content later, when the watcher has nothing else to do. An event
/// on a file whose former content is not known yet counts as a change; that is only so in the first moments.
struct FileLedger {
    struct Entry {
        var stamp: FileStamp
        /// Nil: not hashed, or too large to be.
        var digest: ContentDigest?
    }

    /// Larger files are not hashed in advance; the first touch of one counts as a change.
    static let largestHashedInAdvance = 8 * 1024 * 1024

    private(set) var entries: [ExactPath: Entry] = [:]
    /// Files that were found and are to be hashed.
    private var unhashed: [String] = []
    /// Files that were too new for that: another change could leave the same times.
    private var recent: [String] = []

    func isKnown(_ path: String) -> Bool { entries[ExactPath(path)] != nil }
    func stamp(_ path: String) -> FileStamp? { entries[ExactPath(path)]?.stamp }

    /// Notes a file as it was found by a scan.
    mutating func found(_ path: String, _ stamp: FileStamp) {
        entries[ExactPath(path)] = Entry(stamp: stamp, digest: nil)
        if stamp.size <= Self.largestHashedInAdvance { unhashed.append(path) }
    }

    /// Forgets files that are no longer watched.
    mutating func forget(where isGone: (String) -> Bool) {
        entries = entries.filter { !isGone($0.key.text) }
    }

    /// Known files in a folder, at any depth.
    func files(below folder: String) -> [String] {
        entries.keys.map(\.text).filter { isBelow($0, folder) }
    }

    /// Decides what has become of a file and remembers it; nil when it is as it was.
    /// - Parameters:
    ///   - stamp: what the file system says now; nil when the file is gone.
    ///   - digest: hashes the file; nil when it cannot be read. Called at most once, only when needed.
    mutating func change(
        _ path: String, stamp: FileStamp?, digest: () -> ContentDigest?
    ) -> FileChange.Kind? {
        let exact = ExactPath(path)
        guard let stamp else { return entries.removeValue(forKey: exact) == nil ? nil : .deleted }
        guard let known = entries[exact] else {
            entries[exact] = Entry(stamp: stamp, digest: digest())
            return .created
        }
        let new = digest()
        entries[exact] = Entry(stamp: stamp, digest: new)
        let isSame =
            new != nil && new == known.digest && stamp.isExecutable == known.stamp.isExecutable
            && stamp.isLink == known.stamp.isLink
        return isSame ? nil : .modified
    }

    /// What is left to be hashed in advance.
    enum Work { case none, now, later }

    var work: Work { !unhashed.isEmpty ? .now : recent.isEmpty ? .none : .later }

    /// Puts files that were too new to be hashed back in line once they no longer are.
    mutating func retryRecent(now: FileTime) {
        guard unhashed.isEmpty, !recent.isEmpty else { return }
        let ready = recent.filter { entries[ExactPath($0)].map { !$0.stamp.isRecent(now) } ?? true }
        let gone = Set(ready.map(ExactPath.init))
        recent.removeAll { gone.contains(ExactPath($0)) }
        unhashed = ready
    }

    /// Hashes one waiting file, if it is still as the scan has found it.
    mutating func hashNext(now: FileTime, digest: (String) -> ContentDigest?) {
        guard let path = unhashed.popLast(), let entry = entries[ExactPath(path)], entry.digest == nil else { return }
        guard !entry.stamp.isRecent(now) else { return recent.append(path) }
        guard FileStamp(path) == entry.stamp else { return }
        let content = digest(path)
        guard FileStamp(path) == entry.stamp else { return }
        entries[ExactPath(path)]?.digest = content
    }
}
