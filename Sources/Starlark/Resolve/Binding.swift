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
    /// The name and the first place that binds it; nil for names from outside the file. Not the identifier itself, which
    /// refers to its binding: the two would keep each other alive.
    let first: (name: String, spot: Spot)?

    init(_ scope: Scope, index: Int = 0, first: (name: String, spot: Spot)? = nil) {
        self.scope = scope
        self.index = index
        self.first = first
    }
}
