// SPDX-License-Identifier: Apache-2.0

/// What a person may do to a package between two saves.
package enum EditKind: String, Sendable, CaseIterable {
    // One thing is changed
    case body, inlinableBody, signature, defaultedParameter, defaultArgument, constraint, attribute, storedProperty
    case enumCase, requirement, method, override, overload, alias, opaque, text, newUse
    // Files and names
    case newFile, renameFile, deleteFile, moveItem, renameItem
    // More than one thing
    case sharedLibrary, several, manifest
    // What only time or trouble shows
    case brokenThenMended, undoneAtOnce, twiceWithinASecond, savedDuringBuild, superseded, comment, touch

    /// Those that change one declaration and all its callers.
    static let plain: [EditKind] = [
        .body, .inlinableBody, .signature, .defaultedParameter, .defaultArgument, .constraint, .attribute,
        .storedProperty, .enumCase, .requirement, .method, .override, .overload, .alias, .opaque, .text, .newUse,
        .moveItem, .renameItem,
    ]
}
