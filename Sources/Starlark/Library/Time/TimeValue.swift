// SPDX-License-Identifier: Apache-2.0

/// A moment, seen in a time zone. Moments are equal when they are the same, in whatever zones.
final class TimeValue: StarlarkObject {
    /// Since the start of 1970 in UTC.
    let seconds: Int
    /// Within the second.
    let nanoseconds: Int
    let zone: TimeZoneRules

    /// The moment; nanoseconds beyond a second, or below zero, count on.
    init(seconds: Int, nanoseconds: Int, zone: TimeZoneRules) {
        let carry =
            nanoseconds >= 0
            ? nanoseconds / DurationValue.second : -((DurationValue.second - 1 - nanoseconds) / DurationValue.second)
        self.seconds = seconds &+ carry
        self.nanoseconds = nanoseconds - carry * DurationValue.second
        self.zone = zone
        super.init(kind: .time)
    }

    var offset: TimeZoneRules.Offset { zone.offset(at: seconds) }
    /// What clocks in the zone show.
    var local: CivilDate { CivilDate(seconds: seconds &+ offset.seconds) }

    /// The start of the year 1, which counts as no time.
    private static let zero = -62_135_596_800

    override var typeName: String { "time.time" }
    override var truth: Bool { seconds != Self.zero || nanoseconds != 0 }

    override func write(to writer: inout ReprWriter) {
        writer.write(TimeLayout.format(self, "2006-01-02 15:04:05.999999999 -0700 MST"))
    }

    override func hash(depth: Int) throws -> Int { ByteHash.combine(ByteHash.hash(seconds), nanoseconds) }

    override func isEqual(to other: StarlarkObject, depth: Int) throws -> Bool {
        order(unsafeDowncast(other, to: TimeValue.self)) == 0
    }

    override func compare(_ operation: ComparisonOperator, to other: StarlarkObject, depth: Int) throws -> Bool? {
        operation.holds(order(unsafeDowncast(other, to: TimeValue.self)))
    }

    private func order(_ other: TimeValue) -> Int {
        if seconds != other.seconds { return seconds < other.seconds ? -1 : 1 }
        return nanoseconds - other.nanoseconds
    }

    override func binary(_ operation: BinaryOperator, with other: Value, isLeft: Bool) throws -> Value? {
        guard case .object(let object) = other else { return nil }
        switch (operation, object.kind) {
        case (.add, .duration):
            return moved(by: unsafeDowncast(object, to: DurationValue.self).nanoseconds)
        case (.subtract, .duration) where isLeft:
            let distance = unsafeDowncast(object, to: DurationValue.self).nanoseconds
            return moved(by: distance == .min ? .max : -distance)
        case (.subtract, .time) where isLeft:
            let right = unsafeDowncast(object, to: TimeValue.self)
            let (distance, overflow) = (seconds &- right.seconds).multipliedReportingOverflow(by: DurationValue.second)
            let (total, carry) = distance.addingReportingOverflow(nanoseconds - right.nanoseconds)
            if overflow || carry { throw StarlarkError("time.duration out of range") }
            return .object(DurationValue(total))
        default: return nil
        }
    }

    private func moved(by distance: Int) -> Value {
        let (whole, rest) = distance.quotientAndRemainder(dividingBy: DurationValue.second)
        return .object(TimeValue(seconds: seconds &+ whole, nanoseconds: nanoseconds + rest, zone: zone))
    }

    override var attrNames: [String] {
        [
            "day", "format", "hour", "in_location", "minute", "month", "nanosecond", "second", "unix", "unix_nano",
            "year",
        ]
    }

    override func attr(_ name: String) throws -> Value? {
        switch name {
        case "year": return .int(local.year)
        case "month": return .int(local.month)
        case "day": return .int(local.day)
        case "hour": return .int(local.hour)
        case "minute": return .int(local.minute)
        case "second": return .int(local.second)
        case "nanosecond": return .int(nanoseconds)
        case "unix": return .int(seconds)
        case "unix_nano": return .int(seconds &* DurationValue.second &+ nanoseconds)
        case "format":
            return .object(
                Builtin("format") { [self] _, arguments in
                    let layout = try arguments.unpack("format", "x")[0] ?? .none
                    return .string(TimeLayout.format(self, try layout.string("format", "x").string))
                })
        case "in_location":
            return .object(
                Builtin("in_location") { [self] _, arguments in
                    let name = try (arguments.unpack("in_location", "x")[0] ?? .none).string("in_location", "x").string
                    let zone = try TimeModule.zone(name, "in_location")
                    return .object(TimeValue(seconds: seconds, nanoseconds: nanoseconds, zone: zone))
                })
        default: return nil
        }
    }
}
