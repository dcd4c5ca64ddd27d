// SPDX-License-Identifier: Apache-2.0

/// The globals of one file, shared by its functions.
final class ModuleState {
    let names: [String]
    /// Globals by slot; nil until assigned. Owned here.
    let globals: UnsafeMutablePointer<Value?>
    /// Whether its functions may call themselves.
    let allowsRecursion: Bool

    init(names: [String], allowsRecursion: Bool) {
        self.names = names
        self.allowsRecursion = allowsRecursion
        globals = .allocate(capacity: max(1, names.count))
        globals.initialize(repeating: nil, count: names.count)
    }

    deinit {
        globals.deinitialize(count: names.count)
        globals.deallocate()
    }

    /// Gives globals their values before the code runs.
    func adopt(_ values: [String: Value]) {
        for (slot, name) in names.enumerated() { globals[slot] = values[name] }
    }

    /// Forgets all globals, and so breaks the reference cycles through functions.
    func clear() {
        for slot in names.indices { globals[slot] = nil }
    }

    /// The globals that have a value.
    var values: [String: Value] {
        var result: [String: Value] = [:]
        for (slot, name) in names.enumerated() { if let value = globals[slot] { result[name] = value } }
        return result
    }
}
