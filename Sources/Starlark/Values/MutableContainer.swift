// SPDX-License-Identifier: Apache-2.0

/// A container that can be frozen, and that must not change while it is iterated over.
package class MutableContainer: StarlarkObject {
    private(set) var frozen = false
    /// How many live iterators there are.
    var iterators = 0

    /// The word for the container in messages.
    var noun: String { typeName }

    override var isFrozen: Bool { frozen }

    override func freezeShallow() { frozen = true }

    /// Throws unless the container may be changed now. `verb` completes `cannot VERB list`.
    @inline(__always)
    func checkMutable(_ verb: StaticString) throws {
        if frozen || iterators > 0 { throw immutable(verb) }
    }

    private func immutable(_ verb: StaticString) -> StarlarkError {
        StarlarkError(frozen ? "cannot \(verb) frozen \(noun)" : "cannot \(verb) \(noun) during iteration")
    }
}
