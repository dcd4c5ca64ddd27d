// SPDX-License-Identifier: Apache-2.0

/// The switches in which dialects of Starlark differ.
package struct Dialect: Sendable {
    /// The `set` builtin exists.
    package var set: Bool
    /// A top-level name may be bound more than once; a top-level use must follow a binding of its name.
    package var globalReassign: Bool
    /// A function may call itself, directly or through others.
    package var recursion: Bool
    /// `if`, `for` and `while` are allowed outside functions.
    package var topLevelControl: Bool
    /// The `while` statement exists.
    package var whileLoops: Bool
    /// `load` binds globals, which other files can load in turn, rather than names of this file alone.
    package var loadBindsGlobally: Bool

    /// Makes a dialect; every switch is off unless given.
    package init(
        set: Bool = false, globalReassign: Bool = false, recursion: Bool = false, topLevelControl: Bool = false,
        whileLoops: Bool = false, loadBindsGlobally: Bool = false
    ) {
        self.set = set
        self.globalReassign = globalReassign
        self.recursion = recursion
        self.topLevelControl = topLevelControl
        self.whileLoops = whileLoops
        self.loadBindsGlobally = loadBindsGlobally
    }

    /// The dialect of Tiltfiles: everything on but `loadBindsGlobally`.
    package static let tilt = Dialect(
        set: true, globalReassign: true, recursion: true, topLevelControl: true, whileLoops: true)
}
