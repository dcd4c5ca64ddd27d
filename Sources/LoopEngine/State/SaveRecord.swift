// SPDX-License-Identifier: Apache-2.0

/// One save on its way to the running system, and how long each stage took.
struct SaveRecord {
    let id: Int
    /// Milliseconds from the file's time to the end of the change set.
    let before: Int
    /// When the change set was complete.
    let closed: ContinuousClock.Instant
    /// In order of their happening; milliseconds.
    var stages: [(name: String, milliseconds: Int)]

    init(id: Int, changes: FileChanges) {
        self.id = id
        let settle = changes.settle.milliseconds
        before = changes.watch + settle
        closed = changes.closed
        stages = [("watch", changes.watch), ("settle", settle)]
    }

    mutating func note(_ stage: String, _ milliseconds: Int) {
        if let index = stages.firstIndex(where: { $0.name == stage }) {
            stages[index].milliseconds += milliseconds
        } else {
            stages.append((stage, milliseconds))
        }
    }

    /// Milliseconds from the file's time until now.
    func total(at now: ContinuousClock.Instant) -> Int { before + (now - closed).milliseconds }
}
