// SPDX-License-Identifier: Apache-2.0

@testable import Starlark

/// A tree as text, without places: equal for equal trees only. Written by walking the values themselves, so that it
/// shares nothing with the printer and misses no field.
enum TreeDump {
    static func text(_ statements: [Stmt]) -> String {
        var text = ""
        for statement in statements { dump(statement, into: &text) }
        return text
    }

    private static func dump(_ node: Any, into text: inout String) {
        switch node {
        case is Spot: return
        case let value as Value: return text += "<\(value.typeName) \(value.repr())>"
        case let string as StarlarkString: return text += "<\(string.bytes)>"
        case let text_ as String: return text += "<\(text_)>"
        case let flag as Bool: return text += "<\(flag)>"
        default: break
        }
        let mirror = Mirror(reflecting: node)
        if mirror.displayStyle == .enum {
            // The case: its label when it has a payload, else its own name.
            text += mirror.children.first?.label ?? "\(node)"
        }
        text += "("
        for child in mirror.children {
            // What the resolver adds later is no part of the tree as written.
            if ["binding", "locals", "freeVariables"].contains(child.label ?? "") { continue }
            text += (mirror.displayStyle == .enum ? "" : child.label ?? "") + " "
            dump(child.value, into: &text)
        }
        text += ")"
    }
}
