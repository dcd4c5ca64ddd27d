// SPDX-License-Identifier: Apache-2.0

/// The optional bounds that methods such as `find` and `index` take.
enum Bounds {
    /// The bounds as a range within 0 and `count`; a missing or `None` bound is the end on its side.
    static func clamp(
        _ from: Value?, _ to: Value?, count: Int, function: String
    ) throws -> (start: Int, end: Int) {
        func place(_ value: Value?, _ what: String, missing: Int) throws -> Int {
            guard let value, !value.isNone else { return missing }
            if case .int(let index) = value { return min(max(index < 0 ? index &+ count : index, 0), count) }
            guard let index = value.bigInt else {
                throw StarlarkError("\(function): invalid \(what) index: got \(value.typeName), want int")
            }
            return index < 0 ? 0 : count
        }
        let start = try place(from, "start", missing: 0)
        let end = try place(to, "end", missing: count)
        return (start, max(start, end))
    }
}
