// SPDX-License-Identifier: Apache-2.0

/// A day of the Gregorian calendar, extended to all years, and a time of that day.
struct CivilDate {
    var year = 1970
    var month = 1
    var day = 1
    var hour = 0
    var minute = 0
    var second = 0

    static let daySeconds = 86_400

    init() {}

    /// The date and time that are so many seconds after the start of 1970, without any time zone.
    init(seconds: Int) {
        var days = seconds / Self.daySeconds
        var rest = seconds % Self.daySeconds
        if rest < 0 {
            rest += Self.daySeconds
            days -= 1
        }
        (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60)
        // Counted in cycles of 400 years from a first of March, after which leap days are the last of their year.
        let shifted = days + 719_468
        let cycle = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfCycle = shifted - cycle * 146_097
        let yearOfCycle =
            (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0)
    }

    /// Seconds after the start of 1970. Fields out of their range count on: month 13 is the next January.
    var seconds: Int {
        var (year, month) = (year, month - 1)
        year += month / 12
        month %= 12
        if month < 0 {
            month += 12
            year -= 1
        }
        let marchYear = month < 2 ? year - 1 : year
        let cycle = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfCycle = marchYear - cycle * 400
        let dayOfYear = (153 * (month < 2 ? month + 10 : month - 2) + 2) / 5 + day - 1
        let dayOfCycle = yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
        let days = cycle * 146_097 + dayOfCycle - 719_468
        return days * Self.daySeconds + hour * 3_600 + minute * 60 + second
    }

    /// The day of the week, 0 for Sunday.
    var weekday: Int {
        var date = self
        (date.hour, date.minute, date.second) = (0, 0, 0)
        let days = date.seconds / Self.daySeconds
        return ((days + 4) % 7 + 7) % 7
    }

    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// The number of days in a month.
    static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
