// SPDX-License-Identifier: Apache-2.0

/// Reads a moment that was written in a layout.
struct TimeReader {
    private var rest: Substring
    private var date = CivilDate()
    private var nanoseconds = 0
    private var offset: Int?
    private var isAfternoon: Bool?
    private let wrong: StarlarkError

    /// The moment that `text` names. What a layout does not show is that of the start of the year 0; without an offset
    /// the time is one of `zone`.
    static func read(_ text: String, layout: String, zone: TimeZoneRules) throws -> TimeValue {
        var reader = TimeReader(text, layout)
        let parts = TimeLayout.parts(layout)
        for (index, part) in parts.enumerated() { try reader.read(part, before: parts.dropFirst(index + 1).first) }
        return try reader.finish(zone)
    }

    private init(_ text: String, _ layout: String) {
        rest = text[...]
        date.year = 0
        let quoted = { (text: String) in Value.string(text).repr() }
        wrong = StarlarkError("parsing time \(quoted(text)) as \(quoted(layout)): the text does not fit the layout")
    }

    private func finish(_ zone: TimeZoneRules) throws -> TimeValue {
        var date = date
        guard rest.isEmpty, (1...12).contains(date.month), date.hour < 24, date.minute < 60, date.second < 60,
            date.day >= 1, date.day <= CivilDate.days(in: date.month, of: date.year)
        else { throw wrong }
        if let isAfternoon {
            guard date.hour <= 12 else { throw wrong }
            date.hour = date.hour % 12 + (isAfternoon ? 12 : 0)
        }
        guard let offset else {
            return TimeValue(seconds: zone.moment(ofLocal: date.seconds), nanoseconds: nanoseconds, zone: zone)
        }
        let seconds = date.seconds - offset
        // An offset that the zone has at the moment means the zone.
        let own = zone.offset(at: seconds).seconds == offset ? zone : TimeZoneRules(offset: offset)
        return TimeValue(seconds: seconds, nanoseconds: nanoseconds, zone: offset == 0 ? .utc : own)
    }

    private mutating func read(_ part: TimeLayout.Part, before next: TimeLayout.Part?) throws {
        switch part {
        case .text(let character): try take(character)
        case .year: date.year = try number(4...4)
        case .shortYear:
            let year = try number(2...2)
            date.year = year >= 69 ? year + 1_900 : year + 2_000
        case .month(let padded): date.month = try number(padded ? 2...2 : 1...2)
        case .monthName: date.month = try name(CivilDate.months) + 1
        case .shortMonthName: date.month = try name(CivilDate.months.map { String($0.prefix(3)) }) + 1
        case .day(let padded): date.day = try number(padded ? 2...2 : 1...2)
        case .spacedDay:
            if rest.first == " " { rest.removeFirst() }
            date.day = try number(1...2)
        case .weekday: _ = try name(CivilDate.weekdays)
        case .shortWeekday: _ = try name(CivilDate.weekdays.map { String($0.prefix(3)) })
        case .hour: date.hour = try number(2...2)
        case .hour12(let padded): date.hour = try number(padded ? 2...2 : 1...2)
        case .half(let upper): isAfternoon = try name(upper ? ["AM", "PM"] : ["am", "pm"]) == 1
        case .minute(let padded): date.minute = try number(padded ? 2...2 : 1...2)
        case .second(let padded):
            date.second = try number(padded ? 2...2 : 1...2)
            // A fraction may follow also where the layout has none.
            if case .fraction? = next { return }
            if rest.first == "." || rest.first == ",", rest.dropFirst().first?.isNumber == true { try fraction(nil) }
        case .fraction(let digits, let trimmed):
            // Where trailing zeros may be left out, the whole fraction may be.
            if trimmed && rest.first != "." && rest.first != "," { return }
            try fraction(trimmed ? nil : digits)
        case .offset(let zulu, let colon):
            if zulu && rest.first == "Z" {
                rest.removeFirst()
                offset = 0
            } else {
                try readOffset(colon: colon)
            }
        case .abbreviation:
            let letters = rest.prefix { $0.isUppercase }
            guard letters.count >= 3 else { throw wrong }
            rest = rest.dropFirst(letters.count)
            if letters == "UTC" { offset = 0 }
        }
    }

    private mutating func take(_ character: Character) throws {
        guard rest.first == character else { throw wrong }
        rest.removeFirst()
    }

    private mutating func number(_ widths: ClosedRange<Int>) throws -> Int {
        let digits = rest.prefix(widths.upperBound).prefix { $0.isASCII && $0.isNumber }
        guard digits.count >= widths.lowerBound, let value = Int(digits) else { throw wrong }
        rest = rest.dropFirst(digits.count)
        return value
    }

    private mutating func name(_ names: [String]) throws -> Int {
        guard let index = names.firstIndex(where: { rest.hasPrefix($0) }) else { throw wrong }
        rest = rest.dropFirst(names[index].count)
        return index
    }

    private mutating func fraction(_ wanted: Int?) throws {
        guard rest.first == "." || rest.first == "," else { throw wrong }
        rest.removeFirst()
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard (wanted ?? digits.count) == digits.count, (1...9).contains(digits.count),
            let value = Int(digits + String(repeating: "0", count: 9 - digits.count))
        else { throw wrong }
        rest = rest.dropFirst(digits.count)
        nanoseconds = value
    }

    private mutating func readOffset(colon: Bool) throws {
        guard let sign = rest.popFirst(), sign == "+" || sign == "-" else { throw wrong }
        let hours = try number(2...2)
        if colon { try take(":") }
        let minutes = try number(2...2)
        guard hours <= 24, minutes < 60 else { throw wrong }
        offset = (hours * 60 + minutes) * (sign == "-" ? -60 : 60)
    }
}
