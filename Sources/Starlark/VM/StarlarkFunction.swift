// SPDX-License-Identifier: Apache-2.0

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
