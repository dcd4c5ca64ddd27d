// SPDX-License-Identifier: Apache-2.0

/// A measurement could not be made.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
