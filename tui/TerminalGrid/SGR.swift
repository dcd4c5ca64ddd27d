// SPDX-License-Identifier: Apache-2.0

/// ECMA-48 "select graphic rendition": the one escape sequence that Pods may use.
enum SGR {
    static func apply(_ parameters: [Int], to style: Style) -> Style {
        var style = style
        var index = 0
        while index < parameters.count {
            let code = parameters[index]
            index += 1
            switch code {
            case 0: style = .plain
            case 1: style = style.adding(.bold)
            case 2: style = style.adding(.dim)
            case 4: style = style.adding(.underline)
            case 7: style = style.adding(.reverse)
            case 22: style = remove([.bold, .dim], from: style)
            case 24: style = remove(.underline, from: style)
            case 27: style = remove(.reverse, from: style)
            case 30...37: style = style.foreground(color(code - 30))
            case 90...97: style = style.foreground(color(code - 90 + 8))
            case 39: style = style.foreground(.standard)
            case 40...47: style = background(color(code - 40), in: style)
            case 100...107: style = background(color(code - 100 + 8), in: style)
            case 49: style = background(.standard, in: style)
            case 38, 48:
                guard let (picked, used) = extended(parameters[index...]) else { return style }
                index += used
                guard let picked else { continue }
                style = code == 38 ? style.foreground(picked) : background(picked, in: style)
            default: continue
            }
        }
        return style
    }

    /// `5;n` and `2;r;g;b` after 38 or 48: the first 16 of the 256 are the user's palette, others are left alone.
    private static func extended(_ rest: ArraySlice<Int>) -> (TerminalColor?, Int)? {
        guard let kind = rest.first else { return nil }
        if kind == 5, rest.count >= 2 {
            let index = rest[rest.startIndex + 1]
            return (index < 16 ? color(index) : nil, 2)
        }
        if kind == 2, rest.count >= 4 { return (nil, 4) }
        return nil
    }

    private static func color(_ index: Int) -> TerminalColor { TerminalColor(rawValue: UInt8(index + 1)) ?? .standard }

    private static func background(_ color: TerminalColor, in style: Style) -> Style {
        Style(rawValue: style.rawValue & ~(0x1F << 5) | UInt16(color.rawValue) << 5)
    }

    private static func remove(_ attributes: Style.Attributes, from style: Style) -> Style {
        Style(rawValue: style.rawValue & ~attributes.rawValue)
    }
}
