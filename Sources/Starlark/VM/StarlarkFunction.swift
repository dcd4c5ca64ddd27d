// SPDX-License-Identifier: Apache-2.0

/// A variable that a function shares with the functions inside it.
final class Cell: StarlarkObject {
    var value: Value?

    init(_ value: Value?) {
        self.value = value
        super.init(kind: .cell)
    }

    private var frozen = false
    override var typeName: String { "cell" }
    override var isFrozen: Bool { frozen }
    override func freezeShallow() { frozen = true }
    override func visitChildren(_ visit: (Value) -> Void) { if let value { visit(value) } }
}

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

/// A function written in Starlark.
final class StarlarkFunction: StarlarkObject {
    let code: FunctionCode
    let module: ModuleState
    /// Default values, in the order of `code.defaultSlots`.
    let defaults: [Value]
    /// The cells of enclosing functions that the function uses.
    let cells: [Cell]
    private var frozen = false

    init(code: FunctionCode, module: ModuleState, defaults: [Value], cells: [Cell]) {
        self.code = code
        self.module = module
        self.defaults = defaults
        self.cells = cells
        super.init(kind: .function)
    }

    override var typeName: String { "function" }
    override var isCallable: Bool { true }
    override var isFrozen: Bool { frozen }
    override func freezeShallow() { frozen = true }

    override func visitChildren(_ visit: (Value) -> Void) {
        defaults.forEach(visit)
        for cell in cells { visit(.object(cell)) }
    }

    override func hash(depth: Int) throws -> Int { ObjectIdentifier(self).hashValue }
    override func write(to writer: inout ReprWriter) { writer.write("<function \(code.name)>") }
}
