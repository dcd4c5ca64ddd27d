// SPDX-License-Identifier: Apache-2.0

/// A lexical block: the file, a function or a comprehension.
final class Block {
    private unowned let parentReference: Block?
    let function: FunctionNode?
    let isFile: Bool
    var bindings: [String: Binding] = [:]
    /// Uses of names whose meaning is not yet known. Kept at the file or function, also for comprehensions in it.
    var uses: [(identifier: Identifier, block: Block)] = []
    var children: [Block] = []

    var parent: Block? { parentReference }

    init(parent: Block?, function: FunctionNode? = nil, isFile: Bool = false) {
        parentReference = parent
        self.function = function
        self.isFile = isFile
        parent?.children.append(self)
    }
}
