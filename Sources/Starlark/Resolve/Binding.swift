// SPDX-License-Identifier: Apache-2.0

/// What a name refers to.
final class Binding {
    enum Scope: String {
        case undefined
        /// A slot of the function's frame.
        case local
        /// A slot that holds a cell, since an inner function uses the variable too.
        case cell
        /// A cell of an enclosing function.
        case free
        case global
        case predeclared
        case universal
    }

    var scope: Scope
    /// The slot within the scope.
    let index: Int
    /// The first place that binds the name; nil for names from outside the file.
    let first: Identifier?

    init(_ scope: Scope, index: Int = 0, first: Identifier? = nil) {
        self.scope = scope
        self.index = index
        self.first = first
    }
}
