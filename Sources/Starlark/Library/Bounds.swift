// SPDX-License-Identifier: Apache-2.0

/// The optional bounds that methods such as `find` and `index` take.
enum Bounds {
    /// The bounds as a range within 0 and `count`; a missing or `None` bound is the end on its side.
    static func clamp(
        _ from: Value?, _ to: Value?, count: Int, function: String
    ) throws -> (start: Int, end: Int) {
        func place(_ value: Value?, _ what: String, missing: Int) throws -> Int {
            guard let value, !value.isNone else { return missing }
            guard let index = value.bigInt else {
                throw StarlarkError("\(function): invalid \(what) index: got \(value.typeName), want int")
            }
            let near = Int(clamping: index)
            return min(max(near < 0 ? near &+ count : near, 0), count)
        }
        let start = try place(from, "start", missing: 0)
        let end = try place(to, "end", missing: count)
        return (start, max(start, end))
    }
}
