// SPDX-License-Identifier: Apache-2.0

/// A JSON object that keeps the order of its keys, so that what is printed or applied reads as it was written.
///
/// Objects of manifests and events have few keys; look-up is a linear scan, which is faster than hashing at that size.
package struct JSONObject: Sendable {
    /// Keys and values in order; keys are unique.
    package private(set) var members: [(key: String, value: JSONValue)]

    package init() { members = [] }

    /// Takes pairs in order; a later duplicate replaces the earlier value in its place.
    package init(_ pairs: [(String, JSONValue)]) {
        members = []
        members.reserveCapacity(pairs.count)
        for (key, value) in pairs { self[key] = value }
    }

    /// For the parser, which has already made keys unique.
    init(unique members: [(key: String, value: JSONValue)]) { self.members = members }

    package var keys: [String] { members.map(\.key) }
    package var isEmpty: Bool { members.isEmpty }
    package var count: Int { members.count }

    /// Reading gives nil for a missing key; writing nil removes the key.
    package subscript(key: String) -> JSONValue? {
        get { members.first { $0.key == key }?.value }
        set {
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((key, value))
            case (nil, nil): break
            }
        }
    }
}

extension JSONObject: Equatable {
    /// The order of keys does not count.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}
