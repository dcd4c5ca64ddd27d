// SPDX-License-Identifier: Apache-2.0

internal import BigInt

extension Operation {
    static func index(_ x: Value, _ key: Value) throws -> Value {
        guard case .object(let object) = x else { throw noIndex(x, key) }
        switch object.kind {
        case .list:
            let list = unsafeDowncast(object, to: StarlarkList.self)
            return list.elements[try place(key, in: x, count: list.elements.count)]
        case .dict:
            if let value = try unsafeDowncast(object, to: StarlarkDict.self).get(key) { return value }
            throw StarlarkError("key \(key.repr()) not in dict")
        case .foreign:
            if let value = try unsafeDowncast(object, to: ForeignObject.self).value.index(key) { return value }
        default:
            guard object.isIndexable, let count = object.length else { break }
            if let value = object.element(at: try place(key, in: x, count: count)) { return value }
        }
        throw noIndex(x, key)
    }

    private static func noIndex(_ x: Value, _ key: Value) -> StarlarkError {
        StarlarkError("unhandled index operation \(x.typeName)[\(key.typeName)]")
    }

    /// The index that a key stands for, counted from the end when negative.
    private static func place(_ key: Value, in x: Value, count: Int) throws -> Int {
        guard case .int(let index) = key else {
            let reason = key.bigObject != nil ? "\(key.repr()) out of range" : "got \(key.typeName), want int"
            throw StarlarkError("\(x.typeName) index: \(reason)")
        }
        let place = index < 0 ? index + count : index
        guard place >= 0 && place < count else {
            if count == 0 { throw StarlarkError("index \(index) out of range: empty \(x.typeName)") }
            throw StarlarkError("\(x.typeName) index \(index) out of range [\(-count):\(count - 1)]")
        }
        return place
    }

    static func setIndex(_ x: Value, _ key: Value, _ value: Value) throws {
        if let dict = x.dictObject { return try dict.set(key, value) }
        if let list = x.listObject {
            let place = try place(key, in: x, count: list.elements.count)
            try list.checkMutable("assign to element of")
            list.elements[place] = value
            return
        }
        if case .object(let object) = x, object.kind == .foreign,
            try unsafeDowncast(object, to: ForeignObject.self).value.setIndex(key, value)
        {
            return
        }
        throw StarlarkError("\(x.typeName) value does not support item assignment")
    }

    static func attribute(_ x: Value, _ name: String) throws -> Value {
        if case .object(let object) = x, let value = try object.attr(name) { return value }
        if case .object(let object) = x, object.kind == .structure {
            let type = unsafeDowncast(object, to: StarlarkStruct.self).description
            throw StarlarkError("\(type) has no .\(name) attribute\(hint(x, name))")
        }
        throw StarlarkError("\(x.typeName) has no .\(name) field or method\(hint(x, name))")
    }

    static func setField(_ x: Value, _ name: String, _ value: Value) throws {
        guard case .object(let object) = x, try object.setField(name, value) else {
            throw StarlarkError("can't assign to .\(name) field of \(x.typeName)\(hint(x, name))")
        }
    }

    private static func hint(_ x: Value, _ name: String) -> String {
        guard case .object(let object) = x else { return "" }
        return Spelling.nearest(to: name, among: object.attrNames).map { " (did you mean .\($0)?)" } ?? ""
    }

    /// The values of a sequence that is assigned to `count` targets.
    static func unpack(_ x: Value, _ count: Int) throws -> [Value] {
        let elements: [Value]
        if let list = x.listObject {
            elements = list.elements
        } else if let tuple = x.tupleObject {
            elements = tuple.elements
        } else {
            guard let iterator = x.makeIterator() else {
                throw StarlarkError("got \(x.typeName) in sequence assignment")
            }
            // One element more than needed tells that there are too many, also of an endless sequence.
            var taken: [Value] = []
            while taken.count <= count, let element = iterator.next() { taken.append(element) }
            elements = taken
        }
        if elements.count < count {
            throw StarlarkError("too few values to unpack (got \(elements.count), want \(count))")
        }
        if elements.count > count {
            let got = x.length ?? elements.count
            throw StarlarkError("too many values to unpack (got \(got), want \(count))")
        }
        return elements
    }

    static func slice(_ x: Value, _ from: Value, _ to: Value, _ step: Value) throws -> Value {
        guard case .object(let object) = x, object.isIndexable, object.kind != .bytesElems, let count = object.length
        else {
            throw StarlarkError("invalid slice operand \(x.typeName)")
        }
        var stride = 1
        if !step.isNone {
            stride = try sliceIndex(step, "slice step")
            guard stride != 0 else { throw StarlarkError("zero is not a valid slice step") }
        }
        var start: Int
        var end: Int
        if stride > 0 {
            start = try bound(from, "start index", count: count, missing: 0)
            end = try bound(to, "end index", count: count, missing: count)
            start = min(max(start, 0), count)
            end = max(min(end, count), start)
        } else {
            start = try bound(from, "start index", count: count, missing: count - 1)
            end = try bound(to, "end index", count: count, missing: -1 - count)
            start = min(start, count - 1)
            end = min(max(end, -1), start)
            start = max(start, end)
        }
        return slice(object, start, end, stride)
    }

    private static func bound(_ value: Value, _ what: String, count: Int, missing: Int) throws -> Int {
        if value.isNone { return missing }
        let index = try sliceIndex(value, what)
        return index < 0 ? index + count : index
    }

    private static func sliceIndex(_ value: Value, _ what: String) throws -> Int {
        if case .int(let index) = value { return min(max(index, Int(Int32.min)), Int(Int32.max)) }
        if let big = value.bigInt { return big < 0 ? Int(Int32.min) : Int(Int32.max) }
        throw StarlarkError("invalid \(what): got \(value.typeName), want int")
    }

    private static func slice(_ object: StarlarkObject, _ start: Int, _ end: Int, _ stride: Int) -> Value {
        switch object.kind {
        case .string:
            let bytes = unsafeDowncast(object, to: StarlarkString.self).bytes
            return .object(StarlarkString(bytes: pick(bytes, start, end, stride)))
        case .bytes:
            let bytes = unsafeDowncast(object, to: StarlarkBytes.self).bytes
            return .object(StarlarkBytes(pick(bytes, start, end, stride)))
        case .list: return .list(pick(unsafeDowncast(object, to: StarlarkList.self).elements, start, end, stride))
        case .tuple: return .tuple(pick(unsafeDowncast(object, to: StarlarkTuple.self).elements, start, end, stride))
        case .range:
            let range = unsafeDowncast(object, to: StarlarkRange.self)
            return .object(
                StarlarkRange(
                    start: range.start &+ range.step &* start, stop: range.start &+ range.step &* end,
                    step: range.step &* stride))
        default: return .none
        }
    }

    private static func pick<T>(_ elements: [T], _ start: Int, _ end: Int, _ stride: Int) -> [T] {
        if stride == 1 { return Array(elements[start..<end]) }
        var result: [T] = []
        var index = start
        while stride > 0 ? index < end : index > end {
            result.append(elements[index])
            index += stride
        }
        return result
    }
}

extension StarlarkObject {
    /// Whether the type takes an integer index.
    fileprivate var isIndexable: Bool {
        switch kind {
        case .string, .bytes, .list, .tuple, .range, .stringElems, .bytesElems: true
        default: false
        }
    }
}
