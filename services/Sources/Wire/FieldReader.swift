// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// Fills a request's fields from a JSON object by Go's rules: keys match without regard to case, `null` leaves what is
/// there, the later of two equal keys wins, unknown keys are ignored, another type is an error.
package struct FieldReader {
    private let members: [JSON.Member]

    /// Takes an object, or `null`, which sets nothing.
    package init(_ value: JSON) throws(DomainError) {
        switch value {
        case .object(let members): self.members = members
        case .null: members = []
        default: throw DomainError("json: cannot unmarshal \(value.kind) into a request object")
        }
    }

    /// Sets `field` from the text under `key`.
    package func read(_ key: String, into field: inout String) throws(DomainError) {
        for member in members where folded(member.key) == folded(key) {
            switch member.value {
            case .null: continue
            case .string(let text): field = text
            default: throw mismatch(member.value, key, "string")
            }
        }
    }

    /// Sets `field` from an object `{"tag": true}`. Only the keys count: the original reads nothing else of it.
    package func read(_ key: String, into field: inout Set<ExactText>) throws(DomainError) {
        for member in members where folded(member.key) == folded(key) {
            guard case .object(let entries) = member.value else {
                if member.value == .null {
                    field = []
                    continue
                }
                throw mismatch(member.value, key, "map[string]bool")
            }
            for entry in entries {
                switch entry.value {
                case .bool, .null: field.insert(ExactText(entry.key))
                default: throw mismatch(entry.value, key, "bool")
                }
            }
        }
    }

    /// Sets `field` from a whole number.
    package func read(_ key: String, into field: inout Int) throws(DomainError) {
        for member in members where folded(member.key) == folded(key) {
            switch member.value {
            case .null: continue
            case .number(let digits):
                guard let number = Int(digits) else {
                    throw DomainError("json: cannot unmarshal number \(digits) into field \(key) of type int")
                }
                field = number
            default: throw mismatch(member.value, key, "int")
            }
        }
    }

    /// Sets `field` from a time in RFC 3339.
    package func read(_ key: String, into field: inout Timestamp) throws(DomainError) {
        var text = ""
        try read(key, into: &text)
        guard !text.isEmpty else { return }
        guard let time = Timestamp(rfc3339: text) else { throw DomainError("\(key): \"\(text)\" is not a time") }
        field = time
    }

    /// The value under `key`, whatever it is.
    package func value(_ key: String) -> JSON? {
        members.last { folded($0.key) == folded(key) }?.value
    }

    private func mismatch(_ value: JSON, _ key: String, _ type: String) -> DomainError {
        DomainError("json: cannot unmarshal \(value.kind) into field \(key) of type \(type)")
    }
}

/// The key with its ASCII letters in lower case. All keys that are looked for are ASCII.
private func folded(_ key: String) -> [UInt8] {
    key.utf8.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
}
