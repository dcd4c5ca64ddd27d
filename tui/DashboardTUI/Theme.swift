// SPDX-License-Identifier: Apache-2.0

import LogStore
import TerminalGrid

/// Styles and line characters: the user's own 16 colours, or none at all.
package struct Theme: Sendable {
    package var usesColor: Bool
    package var isASCII: Bool

    package init(usesColor: Bool = true, isASCII: Bool = false) {
        self.usesColor = usesColor
        self.isASCII = isASCII
    }

    var label: Style { color(.gray, [], mono: []) }
    var name: Style { Style(.standard, .bold) }
    var brand: Style { color(.cyan, .bold, mono: .bold) }
    var border: Style { color(.gray, [], mono: []) }
    var focusedBorder: Style { color(.cyan, [], mono: []) }
    var title: Style { color(.standard, [], mono: []) }
    var focusedTitle: Style { color(.cyan, .bold, mono: .bold) }
    var column: Style { color(.gray, [], mono: []) }
    var key: Style { Style(.standard, .bold) }
    var keyLabel: Style { color(.gray, [], mono: []) }
    var message: Style { color(.yellow, .bold, mono: .bold) }
    var banner: Style { color(.red, [.bold, .reverse], mono: [.bold, .reverse]) }
    var bannerHint: Style { color(.red, [], mono: []) }
    var good: Style { color(.green, [], mono: []) }
    var bad: Style { color(.red, .bold, mono: .bold) }
    var working: Style { color(.yellow, [], mono: .underline) }
    var time: Style { color(.gray, [], mono: []) }
    var link: Style { color(.cyan, [], mono: .underline) }
    var match: Style { usesColor ? Style(.black, on: .yellow) : Style(.standard, .reverse) }
    var currentMatch: Style {
        usesColor ? Style(.black, on: .brightYellow, .bold) : Style(.standard, [.bold, .reverse])
    }

    func state(_ state: ServiceState) -> Style {
        switch state {
        case .good: good
        case .working: working
        case .failed: bad
        case .crashLoop: color(.magenta, .bold, mono: [.bold, .reverse])
        case .idle: label
        }
    }

    func level(_ level: LogLevel) -> Style {
        switch level {
        case .error: bad
        case .warning: color(.yellow, .bold, mono: .bold)
        case .info: color(.green, [], mono: [])
        case .debug, .unknown: label
        }
    }

    /// Colours that tell sources apart in a merged log.
    func source(_ index: Int) -> Style {
        let colors: [TerminalColor] = [.cyan, .magenta, .blue, .green, .yellow]
        return color(colors[index % colors.count], [], mono: [])
    }

    var ellipsis: String { isASCII ? "..." : "\u{2026}" }
    var horizontal: UInt32 { isASCII ? 0x2D : 0x2500 }
    var vertical: UInt32 { isASCII ? 0x7C : 0x2502 }
    /// Corners and tees: top left, top right, bottom left, bottom right, left tee, right tee.
    var corners: [UInt32] {
        isASCII
            ? [0x2B, 0x2B, 0x2B, 0x2B, 0x2B, 0x2B]
            : [0x250C, 0x2510, 0x2514, 0x2518, 0x251C, 0x2524]
    }

    private func color(_ color: TerminalColor, _ attributes: Style.Attributes, mono: Style.Attributes) -> Style {
        usesColor ? Style(color, attributes) : Style(.standard, mono)
    }
}

extension Style {
    init(_ color: TerminalColor, _ attributes: Attributes) { self.init(color, on: .standard, attributes) }
}
