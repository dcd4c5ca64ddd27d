// SPDX-License-Identifier: Apache-2.0

extension PackageModel {
    /// The source of an item that a file of this module declares.
    func declaration(of item: Item, in module: Int) -> String {
        let (name, type, value) = (item.name, item.typeName, item.constant)
        switch item.shape {
        case .function(let attribute, let parameters): return function(item, attribute, parameters, module)
        case .overloads(let levels):
            return levels.sorted().map { level in
                let head =
                    switch level {
                    case .any: "<Value>(_ value: Value)"
                    case .integer: "<Value: BinaryInteger>(_ value: Value)"
                    case .concrete: "(_ value: Int)"
                    }
                return "public func \(name)\(head) -> Int { \(value + level.rawValue * 1000) }\n"
            }.joined()
        case .generic(let constraint, let isInlinable):
            let own =
                switch constraint {
                case .text: "value.description.utf8.count"
                case .binary: "Int(truncatingIfNeeded: value) &* 3"
                case .fixed: "value.nonzeroBitCount &+ Value.bitWidth"
                case .signed: "Int(-value)"
                case .hashable: "value == value.advanced(by: 1) ? 4 : 8"
                }
            return (isInlinable ? "@inlinable " : "")
                + "public func \(name)<Value: \(constraint.rawValue)>(_ value: Value) -> Int {\n"
                + body(item, module, isShown: isInlinable, "sum &+= \(own)") + "}\n"
        case .structure, .box, .enumeration: return valueType(item, module)
        case .contract, .conformer, .base, .subclass: return polymorphic(item, module)
        case .constants(let text):
            return "public let \(name) = \(value)\npublic enum \(type) {\n"
                + "    public static let number = \(value + 1)\n    public static let text = \"\(text)\"\n}\n"
        case .alias(let integer):
            return "public typealias \(type) = \(integer.rawValue)\n"
                + "public func \(name)(_ it: \(type)) -> \(type) { it &+ \(value % 9) }\n"
        case .extended(let target):
            let own = target == .int ? "self" : "utf8.count"
            return "extension \(target.rawValue) {\n    public var \(name): Int {\n"
                + body(item, module, isShown: false, "sum &+= \(own)") + "    }\n}\n"
        case .opaque(let choice):
            let sequence =
                switch choice {
                case .array: "[\(value), 2]"
                case .one: "CollectionOfOne(\(value))"
                case .repeated: "repeatElement(\(value), count: 3)"
                case .steps: "stride(from: \(value), to: \(value + 9), by: 3)"
                }
            return "public func \(name)() -> some Sequence<Int> { \(sequence) }\n"
        case .conditional:
            return "public func \(name)() -> Int {\n    #if SWITCHED\n    return \(value)\n    #else\n"
                + "    return \(-value)\n    #endif\n}\n"
        case .located:
            return "public func \(name)(line: Int = #line, file: String = #fileID) -> Int {\n"
                + body(item, module, isShown: false, "sum &+= line &+ file.utf8.count") + "}\n"
        }
    }

    private func function(
        _ item: Item, _ attribute: Attribute, _ parameters: [Parameter], _ module: Int
    ) -> String {
        let list = parameters.map { parameter in
            "\(parameter.name): Int" + (parameter.defaultValue.map { " = \($0)" } ?? "")
        }.joined(separator: ", ")
        let own = parameters.map { "sum &+= \($0.name) &* \($0.number + 2)" }
        var (hidden, words, calls) = ("", "\(attribute.rawValue) public", own)
        switch attribute {
        case .plain: words = "public"
        case .packaged: words = "package"
        case .overHidden:
            words = "@inlinable public"
            hidden =
                "@usableFromInline func \(item.name)Hidden(_ value: Int) -> Int { value &* 2 &+ \(item.constant) }\n"
            calls.append("sum = \(item.name)Hidden(sum)")
        case .inlinable, .inlinedAlways, .transparent, .emittedIntoClients: break
        }
        return hidden + "\(words) func \(item.name)(\(list)) -> Int {\n"
            + body(item, module, isShown: attribute.showsBody, calls) + "}\n"
    }

    func body(_ item: Item, _ module: Int, isShown: Bool, _ statements: String...) -> String {
        body(item, module, isShown: isShown, statements)
    }

    /// Statements that add up an item's number. A body that other modules see may name only what they could name.
    func body(_ item: Item, _ module: Int, isShown: Bool, _ statements: [String]) -> String {
        let used = item.uses.compactMap(self.item).filter { used in
            if isShown, case .function(.packaged, _) = used.shape { return false }
            return true
        }
        let lines =
            ["var sum = \(item.constant)"] + statements + used.map { "sum &+= \(call($0, from: module))" }
            + ["return sum"]
        return lines.map { "        \($0)\n" }.joined()
    }
}

extension Field {
    /// `public var f1: Int8 = 4`.
    var declaration: String { "    public var \(name): \(kind.rawValue) = \(literal(value))\n" }

    /// A literal of the field's type.
    func literal(_ value: Int) -> String {
        switch kind {
        case .int, .byte: "\(value)"
        case .double: "\(value).5"
        case .text: "\"t\(value)\""
        case .flag: value.isMultiple(of: 2) ? "true" : "false"
        case .list: "[\(value), 1]"
        }
    }

    /// What is read of it, as an `Int`.
    func reading(_ owner: String) -> String {
        switch kind {
        case .int, .byte, .double: "Int(\(owner)\(name))"
        case .text: "\(owner)\(name).utf8.count"
        case .flag: "(\(owner)\(name) ? 1 : 2)"
        case .list: "\(owner)\(name).count &+ \(owner)\(name)[0]"
        }
    }
}
