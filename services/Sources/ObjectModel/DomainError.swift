// SPDX-License-Identifier: Apache-2.0

/// A refusal that the caller is told in words. The words are part of the interface: clients show and compare them.
package struct DomainError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The words, as they go on the wire.
    package var text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { text }
}
