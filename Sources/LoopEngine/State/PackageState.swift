// SPDX-License-Identifier: Apache-2.0

/// The build queue of one package: what runs, what waits.
struct PackageState {
    var running: BuildWork?
    var runningSaves: Set<Int> = []
    var task: Task<Void, Never>?
    var taskNumber = 0
    var pending: BuildWork?
    var pendingSaves: Set<Int> = []
    /// Why the last build failed; nil after a good one.
    var failure: String?
    /// Saves that no good build has covered yet, because theirs failed.
    var failedSaves: Set<Int> = []

    /// Saves whose code is in no executable yet.
    var unbuiltSaves: Set<Int> { runningSaves.union(pendingSaves).union(failedSaves) }

    /// Adds to what waits. A running build is superseded when the change concerns one of its products (design D14).
    /// - Returns: whether the running build should be cancelled; its work is then part of what waits.
    mutating func add(_ work: BuildWork, saves: Set<Int>) -> Bool {
        var merged = pending ?? BuildWork(package: work.package, products: [], changedFiles: [])
        merged.products.formUnion(work.products)
        merged.changedFiles.formUnion(work.changedFiles)
        pendingSaves.formUnion(saves)
        pending = merged
        guard let running, !running.products.isDisjoint(with: work.products), !work.changedFiles.isEmpty else {
            return false
        }
        pending?.products.formUnion(running.products)
        pending?.changedFiles.formUnion(running.changedFiles)
        pendingSaves.formUnion(runningSaves)
        return true
    }

    /// Takes what waits, to run it.
    mutating func next() -> BuildWork? {
        guard running == nil, let work = pending else { return nil }
        running = work
        runningSaves = pendingSaves
        pending = nil
        pendingSaves = []
        return work
    }
}
