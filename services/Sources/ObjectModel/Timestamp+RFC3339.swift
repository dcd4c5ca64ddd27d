// SPDX-License-Identifier: Apache-2.0

extension Timestamp {
    /// RFC 3339 in UTC with whole seconds, e.g. `2026-11-24T11:28:15Z`; the fraction is cut off, not rounded.
    package var rfc3339: String {
        let days = seconds.quotient(floorDividingBy: 86_400)
        let rest = seconds - days * 86_400
        let date = CivilDate(daysSince1970: days)
        let parts =
            [
                (date.year, 4, "-"), (date.month, 2, "-"), (date.day, 2, "T"), (rest / 3_600, 2, ":"),
                (rest / 60 % 60, 2, ":"), (rest % 60, 2, "Z"),
            ] as [(Int64, Int, Unicode.Scalar)]
        var text: [UInt8] = []
        text.reserveCapacity(20)
        for (value, width, end) in parts {
            append(value, width, to: &text)
            text.append(UInt8(ascii: end))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// RFC 3339 in UTC with the nanoseconds, without zeros at the end, as Go writes times in JSON.
    package var exactRFC3339: String {
        guard nanoseconds > 0 else { return rfc3339 }
        var fraction = padded(Int64(nanoseconds), 9)
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(rfc3339.dropLast()).\(fraction)Z"
    }

    /// Reads RFC 3339: `T` between date and time, optional fraction, `Z` or a numeric offset. `nil` for anything else.
    package init?(rfc3339 text: String) {
        var scanner = DigitScanner(bytes: Array(text.utf8))
        guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2), scanner.take("-"),
            let day = scanner.number(2), scanner.take("T"), let hour = scanner.number(2), scanner.take(":"),
            let minute = scanner.number(2), scanner.take(":"), let second = scanner.number(2),
            (1...12).contains(month), day >= 1, day <= CivilDate.daysIn(month: month, of: year),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var nanoseconds: Int64 = 0
        if scanner.take(".") {
            guard let fraction = scanner.fraction() else { return nil }
            nanoseconds = fraction
        }
        var offset: Int64 = 0
        if !scanner.take("Z") {
            let sign: Int64
            if scanner.take("+") { sign = 1 } else if scanner.take("-") { sign = -1 } else { return nil }
            guard let hours = scanner.number(2), scanner.take(":"), let minutes = scanner.number(2),
                hours < 24, minutes < 60
            else { return nil }
            offset = sign * (hours * 3_600 + minutes * 60)
        }
        guard scanner.isAtEnd else { return nil }
        let days = CivilDate(year: year, month: month, day: day).daysSince1970
        self.init(
            seconds: days * 86_400 + hour * 3_600 + minute * 60 + second - offset, nanoseconds: Int32(nanoseconds))
    }
}

/// A date of the proleptic Gregorian calendar. The arithmetic counts days from 1 March of year 0,
/// so that the leap day is the last of its year.
struct CivilDate {
    var year: Int64
    var month: Int64
    var day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// 719,468 days lie between 0000-03-01 and 1970-01-01; 146,097 days make 400 years.
    init(daysSince1970 days: Int64) {
        let shifted = days + 719_468
        let era = shifted.quotient(floorDividingBy: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSince1970: Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = marchYear.quotient(floorDividingBy: 400)
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func daysIn(month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Reads fixed-width numbers and single characters from ASCII text.
struct DigitScanner {
    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ character: Character) -> Bool {
        guard position < bytes.count, bytes[position] == character.asciiValue else { return false }
        position += 1
        return true
    }

    mutating func number(_ width: Int) -> Int64? {
        guard position + width <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[position..<position + width] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        position += width
        return value
    }

    /// The digits after the point as nanoseconds; digits beyond the ninth are dropped.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var scale: Int64 = 100_000_000
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            value += Int64(bytes[position] - 0x30) * scale
            scale /= 10
            position += 1
        }
        return position > start ? value : nil
    }
}

extension Int64 {
    /// Division rounded towards minus infinity; `divisor` is positive.
    func quotient(floorDividingBy divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }
}

private func padded(_ value: Int64, _ width: Int) -> String {
    var text: [UInt8] = []
    append(value, width, to: &text)
    return String(decoding: text, as: UTF8.self)
}

/// Appends a number's digits, with zeros before them up to the width.
private func append(_ value: Int64, _ width: Int, to text: inout [UInt8]) {
    var scale: Int64 = 1
    for _ in 1..<width { scale *= 10 }
    guard (0..<scale * 10).contains(value) else {
        // Years beyond 9999, and those before the year 0.
        text.append(contentsOf: String(value).utf8)
        return
    }
    while scale > 0 {
        text.append(UInt8(ascii: "0") + UInt8(value / scale % 10))
        scale /= 10
    }
}
