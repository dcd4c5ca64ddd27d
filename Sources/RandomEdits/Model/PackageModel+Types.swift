// SPDX-License-Identifier: Apache-2.0

extension PackageModel {
    /// A structure, a box or an enumeration.
    func valueType(_ item: Item, _ module: Int) -> String {
        let type = item.typeName
        switch item.shape {
        case .structure(let fields, let isFrozen, let nested):
            let inner = nested.flatMap(self.item).map { "    public var inner = \($0.typeName)()\n" } ?? ""
            var statements = fields.map { "sum &+= \($0.reading("self."))" }
            if nested != nil { statements.append("sum &+= inner.total") }
            return (isFrozen ? "@frozen " : "") + "public struct \(type) {\n" + fields.map(\.declaration).joined()
                + inner + "    public init() {}\n"
                + "    \(isFrozen ? "@inlinable " : "")public var total: Int {\n"
                + body(item, module, isShown: isFrozen, statements) + "    }\n}\n"
        case .box(let fields):
            return "@frozen public struct \(type)<Value> {\n    public var value: Value\n"
                + fields.map(\.declaration).joined()
                + "    @inlinable public init(value: Value) { self.value = value }\n"
                + "    @inlinable public var total: Int {\n"
                + body(item, module, isShown: true, fields.map { "sum &+= \($0.reading("self."))" })
                + "    }\n}\n"
        case .enumeration(let cases, _):
            let list = cases.map { one in
                "    case \(one.name)" + (one.payload == .none ? "\n" : "(\(one.payload.rawValue))\n")
            }
            let weights = cases.map { one in "        case .\(one.name): return \(one.value)\n" }
            return "public enum \(type) {\n" + list.joined()
                + "    public static var samples: [\(type)] { [\(cases.map(\.sample).joined(separator: ", "))] }\n"
                + "    public var weight: Int {\n        switch self {\n" + weights.joined() + "        }\n    }\n}\n"
        default: return ""
        }
    }

    /// A protocol or an open class, or what conforms to or inherits from one.
    func polymorphic(_ item: Item, _ module: Int) -> String {
        let (name, type) = (item.name, item.typeName)
        switch item.shape {
        case .contract(let requirements):
            let all = requirements.map { "        sum &+= it.\($0.name)() &* \($0.number)\n" }.joined()
            return "public protocol \(type) {\n"
                + requirements.map { "    func \($0.name)() -> Int\n" }.joined() + "}\n"
                + "extension \(type) {\n"
                + requirements.map { "    public func \($0.name)() -> Int { \($0.value) }\n" }.joined() + "}\n"
                + "public func \(name)All(_ it: any \(type)) -> Int {\n        var sum = \(item.constant)\n\(all)"
                + "        return sum\n}\n"
                + "@inlinable public func \(name)Each<It: \(type)>(_ it: It) -> Int {\n        var sum = 1\n\(all)"
                + "        return sum\n}\n"
                + "public struct \(type)Sample: \(type) {\n    public init() {}\n}\n"
        case .conformer(let contract, let overrides):
            guard let contract = self.item(contract) else { return "" }
            return "public struct \(type) {\n    public init() {}\n}\n"
                + "extension \(type): \(contract.typeName) {\n" + methods(item, overrides, "public", module) + "}\n"
        case .base(let methods, let fields):
            return "open class \(type) {\n" + fields.map(\.declaration).joined() + "    public init() {}\n"
                + methods.map { "    open func \($0.name)() -> Int { \($0.value) }\n" }.joined() + "}\n"
        case .subclass(let base, let overrides):
            guard let base = self.item(base) else { return "" }
            return "open class \(type): \(base.typeName) {\n    public var own = \(item.constant)\n"
                + methods(item, overrides, "open override", module) + "}\n"
        default: return ""
        }
    }

    /// Implementations of some methods; the first one does the item's own work.
    private func methods(_ item: Item, _ numbers: [Int], _ words: String, _ module: Int) -> String {
        numbers.enumerated().map { index, number in
            let head = "    \(words) func m\(number)() -> Int {"
            guard index == 0 else { return "\(head) \(item.constant + number * 1000) }\n" }
            return "\(head)\n" + body(item, module, isShown: false) + "    }\n"
        }.joined()
    }
}

extension EnumCase {
    /// One with a payload.
    var sample: String {
        switch payload {
        case .none: ".\(name)"
        case .int: ".\(name)(\(value))"
        case .text: ".\(name)(\"p\(value)\")"
        }
    }
}
