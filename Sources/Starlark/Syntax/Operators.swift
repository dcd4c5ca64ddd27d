// SPDX-License-Identifier: Apache-2.0

/// The binary operators that compute a value from two operands.
package enum BinaryOperator: UInt8, Sendable {
    case add, subtract, multiply, divide, floorDivide, remainder
    case and, or, xor, shiftLeft, shiftRight
    case `in`

    /// The operator as the source spells it.
    package var symbol: String {
        switch self {
        case .add: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        case .floorDivide: "//"
        case .remainder: "%"
        case .and: "&"
        case .or: "|"
        case .xor: "^"
        case .shiftLeft: "<<"
        case .shiftRight: ">>"
        case .in: "in"
        }
    }
}

/// The operators that compare two values.
package enum ComparisonOperator: UInt8, Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual

    /// The operator as the source spells it.
    package var symbol: String {
        switch self {
        case .equal: "=="
        case .notEqual: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        }
    }

    /// Whether the operator holds for a three-way result: negative, zero or positive.
    func holds(_ order: Int) -> Bool {
        switch self {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }
}

/// The operators with one operand.
enum UnaryOperator: UInt8, Sendable {
    case not, negate, plus, invert

    var symbol: String {
        switch self {
        case .not: "not"
        case .negate: "-"
        case .plus: "+"
        case .invert: "~"
        }
    }
}
