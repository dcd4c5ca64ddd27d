// SPDX-License-Identifier: Apache-2.0

/// Text that is compared byte for byte, as Go and Postgres compare it. Swift's `String` takes `é` and `e` with a
/// combining accent for the same; as a user name, an address or a tag they are two.
package struct ExactText: Hashable, Comparable, Sendable, ExpressibleByStringLiteral {
    package var text: String

    package init(_ text: String) {
        self.text = text
    }

    package init(stringLiteral value: String) {
        self.init(value)
    }

    package static func == (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package static func < (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(text.utf8.count)
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
