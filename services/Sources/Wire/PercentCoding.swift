// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// Decodes percent escapes; with `plusIsSpace` also `+`. Throws for an incomplete escape, in Go's words.
/// Bytes that are not UTF-8 become U+FFFD.
package func percentDecoded(
    _ text: some Collection<UInt8>, plusIsSpace: Bool = false
) throws(DomainError) -> String {
    let bytes = Array(text)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
        switch bytes[index] {
        case UInt8(ascii: "%"):
            guard index + 2 < bytes.count, let high = hexDigitValue(bytes[index + 1]),
                let low = hexDigitValue(bytes[index + 2])
            else {
                let escape = String(decoding: bytes[index..<min(index + 3, bytes.count)], as: UTF8.self)
                throw DomainError("invalid URL escape \"\(escape)\"")
            }
            out.append(high << 4 | low)
            index += 3
        case UInt8(ascii: "+") where plusIsSpace:
            out.append(UInt8(ascii: " "))
            index += 1
        default:
            out.append(bytes[index])
            index += 1
        }
    }
    return String(decoding: out, as: UTF8.self)
}

/// Escapes everything but RFC 3986's unreserved characters.
package func percentEncoded(_ text: String) -> String {
    var out = ""
    for byte in text.utf8 {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            out.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            out += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
        }
    }
    return out
}
