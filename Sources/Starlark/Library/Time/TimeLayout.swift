// SPDX-License-Identifier: Apache-2.0

/// Layouts in Go's manner: what they show is how the moment `Mon Jan 2 15:04:05 MST 2006` would be written.
enum TimeLayout {
    /// A part of a layout.
    enum Part: Equatable {
        case text(Character)
        case year, shortYear
        case month(padded: Bool), monthName, shortMonthName
        case day(padded: Bool), spacedDay
        case weekday, shortWeekday
        case hour, hour12(padded: Bool), half(upper: Bool)
        case minute(padded: Bool), second(padded: Bool)
        /// Digits after the second; the separator is part of it. Trailing zeros may be left out.
        case fraction(digits: Int, trimmed: Bool)
        /// An offset, written `Z` when it is zero if `zulu`.
        case offset(zulu: Bool, colon: Bool)
        case abbreviation
    }

    /// Spellings, of which the longest that fits counts.
    private static let spellings: [(String, Part)] = [
        ("January", .monthName), ("Monday", .weekday), ("Z07:00", .offset(zulu: true, colon: true)),
        ("-07:00", .offset(zulu: false, colon: true)), ("Z0700", .offset(zulu: true, colon: false)),
        ("-0700", .offset(zulu: false, colon: false)), ("2006", .year), ("Jan", .shortMonthName),
        ("Mon", .shortWeekday), ("MST", .abbreviation), ("01", .month(padded: true)), ("02", .day(padded: true)),
        ("03", .hour12(padded: true)), ("04", .minute(padded: true)), ("05", .second(padded: true)),
        ("06", .shortYear), ("15", .hour), ("_2", .spacedDay), ("PM", .half(upper: true)), ("pm", .half(upper: false)),
        ("1", .month(padded: false)), ("2", .day(padded: false)), ("3", .hour12(padded: false)),
        ("4", .minute(padded: false)), ("5", .second(padded: false)),
    ]

    static func parts(_ layout: String) -> [Part] {
        var parts: [Part] = []
        var rest = layout[...]
        while let first = rest.first {
            if let (spelling, part) = spellings.first(where: { rest.hasPrefix($0.0) }) {
                parts.append(part)
                rest = rest.dropFirst(spelling.count)
                continue
            }
            let digits = rest.dropFirst().prefix { $0 == rest.dropFirst().first }
            if first == "." || first == ",", let digit = digits.first, digit == "0" || digit == "9",
                rest.dropFirst(digits.count + 1).first?.isNumber != true
            {
                parts.append(.fraction(digits: digits.count, trimmed: digit == "9"))
                rest = rest.dropFirst(digits.count + 1)
                continue
            }
            parts.append(.text(first))
            rest = rest.dropFirst()
        }
        return parts
    }

    // MARK: Writing

    static func format(_ time: TimeValue, _ layout: String) -> String {
        let (date, offset) = (time.local, time.offset)
        return parts(layout).map { part in
            switch part {
            case .text(let character): String(character)
            case .year: (date.year < 0 ? "-" : "") + padded(Int(date.year.magnitude), 4)
            case .shortYear: padded((date.year % 100 + 100) % 100, 2)
            case .month(let isPadded): padded(date.month, isPadded ? 2 : 1)
            case .monthName: CivilDate.months[date.month - 1]
            case .shortMonthName: String(CivilDate.months[date.month - 1].prefix(3))
            case .day(let isPadded): padded(date.day, isPadded ? 2 : 1)
            case .spacedDay: (date.day < 10 ? " " : "") + String(date.day)
            case .weekday: CivilDate.weekdays[date.weekday]
            case .shortWeekday: String(CivilDate.weekdays[date.weekday].prefix(3))
            case .hour: padded(date.hour, 2)
            case .hour12(let isPadded): padded((date.hour + 11) % 12 + 1, isPadded ? 2 : 1)
            case .half(let upper): date.hour < 12 ? (upper ? "AM" : "am") : (upper ? "PM" : "pm")
            case .minute(let isPadded): padded(date.minute, isPadded ? 2 : 1)
            case .second(let isPadded): padded(date.second, isPadded ? 2 : 1)
            case .fraction(let digits, let trimmed): fraction(time.nanoseconds, digits, trimmed)
            case .offset(let zulu, let colon):
                zulu && offset.seconds == 0 ? "Z" : text(ofOffset: offset.seconds, colon: colon)
            case .abbreviation:
                offset.abbreviation.isEmpty ? text(ofOffset: offset.seconds, colon: false) : offset.abbreviation
            }
        }.joined()
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func fraction(_ nanoseconds: Int, _ digits: Int, _ trimmed: Bool) -> String {
        var text = padded(nanoseconds, 9).prefix(digits)
        if trimmed { while text.last == "0" { text.removeLast() } }
        return text.isEmpty ? "" : "." + text
    }

    private static func text(ofOffset seconds: Int, colon: Bool) -> String {
        let minutes = Int(seconds.magnitude) / 60
        return (seconds < 0 ? "-" : "+") + padded(minutes / 60, 2) + (colon ? ":" : "") + padded(minutes % 60, 2)
    }
}
