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
