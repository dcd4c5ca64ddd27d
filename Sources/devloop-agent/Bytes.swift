// SPDX-License-Identifier: Apache-2.0

import CAgent

/// Paths, names and texts: the agent has no use for Unicode, and String would bring its tables.
typealias Bytes = [UInt8]

/// The bytes of a literal.
func text(_ literal: StaticString) -> Bytes {
    literal.withUTF8Buffer { Bytes($0) }
}

/// The digits of a number.
func decimal(_ number: UInt64) -> Bytes {
    var digits: Bytes = []
    var rest = number
    repeat {
        digits.append(0x30 + UInt8(rest % 10))
        rest /= 10
    } while rest > 0
    return digits.reversed()
}

/// The number that decimal digits stand for; nil for anything else or more than 18 digits.
func number(_ digits: Bytes) -> UInt64? {
    guard !digits.isEmpty, digits.count <= 18 else { return nil }
    var value: UInt64 = 0
    for digit in digits {
        guard (0x30...0x39).contains(digit) else { return nil }
        value = value * 10 + UInt64(digit - 0x30)
    }
    return value
}

/// Lends the bytes as a C string.
func withC<Result>(_ bytes: Bytes, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    var copy = bytes
    copy.append(0)
    return copy.withUnsafeBytes { buffer in
        guard let base = buffer.bindMemory(to: CChar.self).baseAddress else { preconditionFailure("never empty") }
        return body(base)
    }
}

/// Copies a C string.
func bytes(of pointer: UnsafePointer<CChar>) -> Bytes {
    var copy: Bytes = []
    var next = pointer
    while next.pointee != 0 {
        copy.append(UInt8(bitPattern: next.pointee))
        next += 1
    }
    return copy
}

/// Order of bytes, for sorted tables.
func precedes(_ left: Bytes, _ right: Bytes) -> Bool {
    let shared = min(left.count, right.count)
    for index in 0..<shared where left[index] != right[index] { return left[index] < right[index] }
    return left.count < right.count
}

/// Milliseconds of the monotonic clock.
func now() -> UInt64 { dl_now_us() / 1_000 }

/// One line on standard error, with the agent's name before it.
func say(_ parts: Bytes...) {
    var line = text("devloop-agent: ")
    for part in parts { line.append(contentsOf: part) }
    line.append(0x0A)
    line.withUnsafeBytes { _ = dl_write_all(2, $0.baseAddress, $0.count) }
}

/// What an errno means.
func errorText(_ error: Int32) -> Bytes {
    Bytes(unsafeUninitializedCapacity: 80) { buffer, count in
        guard let base = buffer.baseAddress else { return }
        count = base.withMemoryRebound(to: CChar.self, capacity: 80) { dl_error_text(error, $0, 80) }
    }
}
