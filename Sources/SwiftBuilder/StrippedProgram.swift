// SPDX-License-Identifier: Apache-2.0

package import Hashing

/// Copies of a program and of the libraries that it was linked with, without what only a debugger reads.
package struct StrippedProgram: Sendable, Equatable {
    package struct Library: Sendable, Equatable {
        /// File name.
        package var name: String
        /// Absolute path of the copy.
        package var path: String
        package var digest: ContentDigest
    }

    /// Absolute path of the program's copy.
    package var path: String
    package var digest: ContentDigest
    /// From what changes least to what changes most; the program finds them in the folder `lib` beside itself.
    package var libraries: [Library]
    /// Absolute folders of resources, which it finds beside itself.
    package var bundles: [String]
}
