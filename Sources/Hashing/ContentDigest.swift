// SPDX-License-Identifier: Apache-2.0

/// A SHA-256 digest (FIPS 180-4): the name by which files, layers and images are compared.
package struct ContentDigest: Hashable, Sendable {
    /// 32 bytes.
    package let bytes: [UInt8]

    /// Nil unless there are exactly 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Parses 64 lower or upper case hexadecimal digits, with or without `sha256:` before them.
    package init?(_ text: String) {
        var digits = Substring(text)
        if digits.hasPrefix("sha256:") { digits = digits.dropFirst(7) }
        let values = digits.compactMap(\.hexDigitValue)
        guard values.count == 64, digits.count == 64 else { return nil }
        bytes = stride(from: 0, to: 64, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
    }

    /// 64 lower case hexadecimal digits.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `sha256:<hex>`, the form of OCI descriptors.
    package var oci: String { "sha256:\(hex)" }
    /// The first 12 digits, for tags and logs.
    package var short: String { String(hex.prefix(12)) }
}
