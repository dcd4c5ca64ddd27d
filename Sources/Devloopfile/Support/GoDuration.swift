// SPDX-License-Identifier: Apache-2.0

/// Durations as Tilt takes them: `30m`, `1h15m`, `1.5s`, `250ms`, `0`.
enum GoDuration {
    private static let units: [(suffix: String, seconds: Double)] = [
        ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600),
    ]

    /// Seconds; nil when the text is no duration or is negative.
    static func seconds(_ text: String) -> Double? {
        if text == "0" { return 0 }
        var rest = text[...]
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !($0.isASCII && $0.isNumber) && $0 != "." }
            rest = rest.dropFirst(unit.count)
            guard let value = Double(number), let scale = units.first(where: { $0.suffix == unit })?.seconds else {
                return nil
            }
            total += value * scale
        }
        return text.isEmpty ? nil : total
    }
}
