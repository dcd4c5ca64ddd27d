// SPDX-License-Identifier: Apache-2.0

/// Bytes from outside made safe to draw: a list of printable scalars with their styles.
///
/// Only `ESC [ … m` (colours and attributes) is obeyed. Every other control byte is shown in caret notation,
/// bidirectional controls as `<202e>`, bytes that are no UTF-8 as U+FFFD: a Pod must not be able to drive the terminal.
package struct SanitizedText: Sendable {
    /// Printable scalars, no control characters among them.
    package private(set) var scalars: [UInt32] = []
    /// Style for each scalar; empty when all of them are plain.
    package private(set) var styles: [Style] = []

    /// Columns between tab stops.
    private static let tabWidth = 8

    /// - Parameter limit: scalars after which reading stops; a line is never drawn wider than the screen.
    /// - Parameter colors: whether SGR sequences colour the text; otherwise they are only removed.
    package init(_ bytes: some Collection<UInt8>, limit: Int = .max, colors: Bool = true) {
        scalars.reserveCapacity(min(bytes.count, limit))
        var decoder = UTF8Walk(bytes)
        var style = Style.plain
        while scalars.count < limit, let scalar = decoder.next() {
            switch scalar {
            case 0x20...0x7E:
                append(scalar, style)
            case 0x1B:
                if let parameters = decoder.takeSGR() {
                    if colors { style = SGR.apply(parameters, to: style) }
                } else {
                    append(0x5E, style)
                    append(0x5B, style)
                }
            case 0x09:
                repeat { append(0x20, style) } while scalars.count % Self.tabWidth != 0
            case 0..<0x20:
                append(0x5E, style)
                append(scalar + 0x40, style)
            case 0x7F:
                append(0x5E, style)
                append(0x3F, style)
            case 0x80..<0xA0, 0x2028, 0x2029:
                appendHex(scalar, style)
            case 0xAD, 0x00A0:
                append(scalar == 0xAD ? 0x2D : 0x20, style)
            default:
                if ScalarWidth.isBidiControl(scalar) { appendHex(scalar, style) } else { append(scalar, style) }
            }
        }
    }

    /// Text of our own or of an API answer, made safe the same way; SGR is removed.
    package static func string(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var view = String.UnicodeScalarView()
        for scalar in SanitizedText(Array(text.utf8), colors: false).scalars {
            view.append(Unicode.Scalar(scalar) ?? "\u{FFFD}")
        }
        return String(view)
    }

    private mutating func append(_ scalar: UInt32, _ style: Style) {
        if styles.isEmpty, style != .plain { styles = Array(repeating: .plain, count: scalars.count) }
        if style != .plain || !styles.isEmpty { styles.append(style) }
        scalars.append(scalar)
    }

    private mutating func appendHex(_ scalar: UInt32, _ style: Style) {
        append(0x3C, style)
        for digit in String(scalar, radix: 16).unicodeScalars { append(digit.value, style) }
        append(0x3E, style)
    }
}
