// SPDX-License-Identifier: Apache-2.0

/// A colour of the user's own 16-colour palette, or the terminal's default.
package enum TerminalColor: UInt8, Sendable, CaseIterable {
    case standard, black, red, green, yellow, blue, magenta, cyan, white
    case gray, brightRed, brightGreen, brightYellow, brightBlue, brightMagenta, brightCyan, brightWhite

    /// The palette index that terminfo's `setaf` takes, 0 to 15; -1 for the terminal's default.
    package var paletteIndex: Int { Int(rawValue) - 1 }
}

/// How a cell looks: two palette colours and attributes, in 16 bits.
package struct Style: Hashable, Sendable {
    /// Bits 0-4 foreground, 5-9 background, 10-14 attributes.
    package var rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package init(_ foreground: TerminalColor, on background: TerminalColor = .standard, _ attributes: Attributes = []) {
        rawValue = UInt16(foreground.rawValue) | UInt16(background.rawValue) << 5 | attributes.rawValue
    }

    /// Attributes that every terminal has, with or without colour.
    package struct Attributes: OptionSet, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        package static let bold = Self(rawValue: 1 << 10)
        package static let dim = Self(rawValue: 1 << 11)
        package static let underline = Self(rawValue: 1 << 12)
        package static let reverse = Self(rawValue: 1 << 13)
    }

    /// The terminal's default colours without attributes.
    package static let plain = Style(rawValue: 0)

    package var foreground: TerminalColor { TerminalColor(rawValue: UInt8(rawValue & 0x1F)) ?? .standard }
    package var background: TerminalColor { TerminalColor(rawValue: UInt8(rawValue >> 5 & 0x1F)) ?? .standard }
    package var attributes: Attributes { Attributes(rawValue: rawValue & 0x3C00) }

    /// The same colours with more attributes.
    package func adding(_ more: Attributes) -> Style { Style(rawValue: rawValue | more.rawValue) }

    /// The same attributes and background with another foreground; bright white on black stays as asked.
    package func foreground(_ color: TerminalColor) -> Style {
        Style(rawValue: rawValue & ~0x1F | UInt16(color.rawValue))
    }
}
