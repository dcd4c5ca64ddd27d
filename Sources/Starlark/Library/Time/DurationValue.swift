// SPDX-License-Identifier: Apache-2.0

/// A length of time in nanoseconds, as the module `time` has it.
final class DurationValue: StarlarkObject {
    let nanoseconds: Int

    init(_ nanoseconds: Int) {
        self.nanoseconds = nanoseconds
        super.init(kind: .duration)
    }

    static let second = 1_000_000_000

    override var typeName: String { "time.duration" }
    override var truth: Bool { nanoseconds != 0 }
    override func write(to writer: inout ReprWriter) { writer.write(text) }
    override func hash(depth: Int) throws -> Int { ByteHash.hash(nanoseconds) }

    override func isEqual(to other: StarlarkObject, depth: Int) throws -> Bool {
        nanoseconds == unsafeDowncast(other, to: DurationValue.self).nanoseconds
    }

    override func compare(_ operation: ComparisonOperator, to other: StarlarkObject, depth: Int) throws -> Bool? {
        let right = unsafeDowncast(other, to: DurationValue.self).nanoseconds
        return operation.holds(nanoseconds < right ? -1 : nanoseconds > right ? 1 : 0)
    }

    override var attrNames: [String] {
        ["hours", "microseconds", "milliseconds", "minutes", "nanoseconds", "seconds"]
    }

    override func attr(_ name: String) throws -> Value? {
        switch name {
        case "hours": .float(Double(nanoseconds) / Double(3_600 * Self.second))
        case "minutes": .float(Double(nanoseconds) / Double(60 * Self.second))
        case "seconds": .float(Double(nanoseconds) / Double(Self.second))
        case "milliseconds": .int(nanoseconds / 1_000_000)
        case "microseconds": .int(nanoseconds / 1_000)
        case "nanoseconds": .int(nanoseconds)
        default: nil
        }
    }

    override func binary(_ operation: BinaryOperator, with other: Value, isLeft: Bool) throws -> Value? {
        switch (operation, other) {
        case (.multiply, .int(let factor)):
            return try Self.value(nanoseconds.multipliedReportingOverflow(by: factor))
        case (.divide, _) where !isLeft:
            throw StarlarkError("unsupported operation: \(other.typeName) / \(typeName)")
        case (.divide, .int(let divisor)):
            guard divisor != 0 else { throw Self.divisionByZero }
            return try Self.value(nanoseconds.dividedReportingOverflow(by: divisor))
        case (.divide, .float(let divisor)):
            guard divisor != 0 else { throw Self.divisionByZero }
            guard let quotient = Int(exactly: (Double(nanoseconds) / divisor).rounded(.towardZero)) else {
                throw Self.outOfRange
            }
            return .object(DurationValue(quotient))
        case (_, .object(let object)) where isLeft && object.kind == .duration:
            return try combine(operation, unsafeDowncast(object, to: DurationValue.self).nanoseconds)
        default: return nil
        }
    }

    private func combine(_ operation: BinaryOperator, _ other: Int) throws -> Value? {
        switch operation {
        case .add: return try Self.value(nanoseconds.addingReportingOverflow(other))
        case .subtract: return try Self.value(nanoseconds.subtractingReportingOverflow(other))
        case .divide:
            guard other != 0 else { throw Self.divisionByZero }
            return .float(Double(nanoseconds) / Double(other))
        case .floorDivide:
            guard other != 0 else { throw Self.divisionByZero }
            return try IntMath.floorDivide(nanoseconds, other)
        default: return nil
        }
    }

    private static func value(_ result: (partialValue: Int, overflow: Bool)) throws -> Value {
        if result.overflow { throw outOfRange }
        return .object(DurationValue(result.partialValue))
    }

    private static var divisionByZero: StarlarkError { StarlarkError("division by zero") }
    private static var outOfRange: StarlarkError { StarlarkError("time.duration out of range") }

    // MARK: Text

    /// As Go writes it: `1h2m3.5s`, and `1.5ms` for less than a second.
    private var text: String {
        let magnitude = nanoseconds.magnitude
        let sign = nanoseconds < 0 ? "-" : ""
        if magnitude == 0 { return "0s" }
        if magnitude < 1_000 { return "\(sign)\(magnitude)ns" }
        if magnitude < 1_000_000 { return sign + Self.decimal(magnitude, unit: 1_000) + "µs" }
        if magnitude < 1_000_000_000 { return sign + Self.decimal(magnitude, unit: 1_000_000) + "ms" }
        let minutes = magnitude / 60_000_000_000
        let seconds = Self.decimal(magnitude % 60_000_000_000, unit: 1_000_000_000) + "s"
        if minutes == 0 { return sign + seconds }
        return sign + (minutes >= 60 ? "\(minutes / 60)h\(minutes % 60)m" : "\(minutes)m") + seconds
    }

    private static func decimal(_ value: UInt, unit: UInt) -> String {
        var digits = String(unit + value % unit).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return digits.isEmpty ? "\(value / unit)" : "\(value / unit).\(digits)"
    }

    private static let units: [(String, Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12),
    ]

    /// Reads `1h2m3.5s`, with a sign before it; throws for anything else.
    convenience init(text: String) throws {
        let wrong = StarlarkError("time: invalid duration \(Value.string(text).repr())")
        var rest = text[...]
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest.removeFirst() }
        if rest == "0" {
            self.init(0)
            return
        }
        guard !rest.isEmpty else { throw wrong }
        var total = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest[digits.endIndex...]
            let name = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
            rest = rest[name.endIndex...]
            guard let unit = Self.units.first(where: { $0.0 == name })?.1 else { throw wrong }
            let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count <= 2, digits.contains(where: \.isNumber), let whole = Int("0" + parts[0]) else {
                throw wrong
            }
            let (scaled, overflow) = whole.multipliedReportingOverflow(by: Int(unit))
            let fraction = parts.count == 2 ? (Double("0." + parts[1] + "0") ?? 0) * unit : 0
            let (sum, carry) = total.addingReportingOverflow(scaled)
            guard !overflow, !carry, let next = Int(exactly: fraction.rounded(.towardZero)),
                !sum.addingReportingOverflow(next).overflow
            else { throw wrong }
            total = sum + next
        }
        self.init(isNegative ? -total : total)
    }
}
