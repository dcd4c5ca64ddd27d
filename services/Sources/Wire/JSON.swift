// SPDX-License-Identifier: Apache-2.0

/// A JSON value. Objects keep their order and their duplicates, because the services' answers have a fixed key order
/// and because of two equal keys the later one wins only where the reader says so.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The number as it was written; the services pass numbers on, they never compute with them.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    /// One key and its value.
    package struct Member: Hashable, Sendable {
        package var key: String
        package var value: JSON

        package init(_ key: String, _ value: JSON) {
            self.key = key
            self.value = value
        }
    }

    /// What Go calls this kind of value in its messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral {
    package init(stringLiteral value: String) {
        self = .string(value)
    }

    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}
