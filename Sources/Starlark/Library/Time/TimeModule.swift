// SPDX-License-Identifier: Apache-2.0

internal import Glibc

extension Starlark {
    /// The module `time`. Not part of the dialect of Devloopfiles. `now` tells seconds since the start of 1970 and
    /// nanoseconds; left out, the clock of the system does.
    package static func timeModule(
        now: @escaping @Sendable () -> (seconds: Int, nanoseconds: Int) = TimeModule.systemClock
    ) -> StarlarkModule {
        var members: [String: Value] = [:]
        for builtin in TimeModule.functions(now: now) { members[builtin.name] = .object(builtin) }
        for (name, length) in TimeModule.units { members[name] = .object(DurationValue(length)) }
        return StarlarkModule("time", members)
    }
}

/// The functions of the module `time`.
package enum TimeModule {
    static let units = [
        ("nanosecond", 1), ("microsecond", 1_000), ("millisecond", 1_000_000), ("second", 1_000_000_000),
        ("minute", 60_000_000_000), ("hour", 3_600_000_000_000),
    ]

    /// The clock of the system.
    package static let systemClock: @Sendable () -> (seconds: Int, nanoseconds: Int) = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return (Int(time.tv_sec), Int(time.tv_nsec))
    }

    static func functions(now: @escaping @Sendable () -> (seconds: Int, nanoseconds: Int)) -> [Builtin] {
        [
            Builtin("from_timestamp") { _, arguments in
                let values = try arguments.unpack("from_timestamp", "sec", "nsec?")
                let seconds = try (values[0] ?? .none).int("from_timestamp", "sec")
                let nanoseconds = try values[1]?.int("from_timestamp", "nsec") ?? 0
                return .object(TimeValue(seconds: seconds, nanoseconds: nanoseconds, zone: .utc))
            },
            Builtin("is_valid_timezone") { _, arguments in
                let name = try (arguments.unpack("is_valid_timezone", "loc")[0] ?? .none)
                return .bool(TimeZoneRules.named(try name.string("is_valid_timezone", "loc").string) != nil)
            },
            Builtin("now") { _, arguments in
                _ = try arguments.unpackPositional("now", min: 0, max: 0)
                let moment = now()
                return .object(TimeValue(seconds: moment.seconds, nanoseconds: moment.nanoseconds, zone: .utc))
            },
            Builtin("parse_duration") { _, arguments in
                let value = try arguments.unpack("parse_duration", "d")[0] ?? .none
                if case .object(let object) = value, object.kind == .duration { return value }
                return .object(try DurationValue(text: value.string("parse_duration", "d").string))
            },
            Builtin("parse_time") { _, arguments in
                let values = try arguments.unpack("parse_time", "x", "format?", "location?")
                let text = try (values[0] ?? .none).string("parse_time", "x").string
                let layout = try values[1]?.string("parse_time", "format").string ?? "2006-01-02T15:04:05Z07:00"
                let name = try values[2]?.string("parse_time", "location").string ?? "UTC"
                return .object(try TimeReader.read(text, layout: layout, zone: zone(name, "parse_time")))
            },
            Builtin("time") { _, arguments in
                guard arguments.positional.isEmpty else {
                    throw StarlarkError("time: unexpected positional arguments")
                }
                return try time(arguments)
            },
        ]
    }

    private static func time(_ arguments: Arguments) throws -> Value {
        let names = ["year", "month", "day", "hour", "minute", "second", "nanosecond"]
        let values = try arguments.unpack("time", parameters: names.map { $0 + "?" } + ["location?"])
        let limit = 1_000_000_000_000
        let numbers = try names.indices.map { index in
            let number = try values[index]?.int("time", names[index]) ?? 0
            guard number.magnitude < limit else { throw StarlarkError("time: \(names[index]) out of range") }
            return number
        }
        var date = CivilDate()
        (date.year, date.month, date.day) = (numbers[0], numbers[1], numbers[2])
        (date.hour, date.minute, date.second) = (numbers[3], numbers[4], numbers[5])
        guard date.year.magnitude < 100_000_000_000 else { throw StarlarkError("time: year out of range") }
        let zone = try zone(values[7]?.string("time", "location").string ?? "UTC", "time")
        return .object(
            TimeValue(seconds: zone.moment(ofLocal: date.seconds), nanoseconds: numbers[6], zone: zone))
    }

    static func zone(_ name: String, _ function: String) throws -> TimeZoneRules {
        guard let zone = TimeZoneRules.named(name) else {
            throw StarlarkError("\(function): unknown time zone \(name)")
        }
        return zone
    }
}
