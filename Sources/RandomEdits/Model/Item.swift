// SPDX-License-Identifier: Apache-2.0

/// One thing that a file declares. Each can be asked for one number, and everything that it is made of shows in that.
package struct Item: Sendable, Hashable {
    /// Never given twice; ``PackageModel/usable(from:before:)`` orders by it.
    var id: Int
    /// A word; the name in the source is this and the id.
    var word: String
    var shape: Shape
    /// Added in its body.
    var constant: Int
    /// Ids of items whose numbers its body adds.
    var uses: [Int] = []

    /// Of functions and values.
    var name: String { "\(word)\(id)" }
    /// Of types.
    var typeName: String { name.capitalizedFirst }

    static let words = [
        "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "ivory", "jetty", "koala", "lemon",
        "maple", "north", "olive", "pearl", "quill", "river", "stone", "tulip", "umber", "viola", "wheat", "zebra",
    ]
}

/// What an item is.
enum Shape: Sendable, Hashable {
    case function(Attribute, [Parameter])
    /// Functions of one name; the most specific one is called.
    case overloads(Set<OverloadLevel>)
    case generic(Constraint, isInlinable: Bool)
    /// Used by value; `nested` is the id of another one that it stores.
    case structure([Field], isFrozen: Bool, nested: Int?)
    /// Generic, frozen, its members inlinable.
    case box([Field])
    /// Callers switch over all cases, or, when it is open, over some with a default.
    case enumeration([EnumCase], isOpen: Bool)
    /// A protocol whose requirements have default implementations.
    case contract([Requirement])
    /// A type that conforms to a contract and implements some of its requirements itself, by their numbers.
    case conformer(of: Int, overrides: [Int])
    /// An open class.
    case base([Requirement], [Field])
    /// A class that overrides some methods of another one, by their numbers.
    case subclass(of: Int, overrides: [Int])
    case constants(text: String)
    case alias(IntegerType)
    /// A member of `Int` or `String`.
    case extended(IntegerOrText)
    /// A function that returns `some Sequence<Int>`.
    case opaque(OpaqueChoice)
    /// Depends on a condition of the manifest.
    case conditional
    /// Its callers' lines are default arguments.
    case located
}

/// How a function is shown to other modules.
enum Attribute: String, Sendable, CaseIterable {
    case plain = ""
    case packaged = "package"
    case inlinable = "@inlinable"
    case inlinedAlways = "@inlinable @inline(__always)"
    /// Inlinable, and calls a hidden function of its own.
    case overHidden = "@usableFromInline"
    case transparent = "@_transparent"
    case emittedIntoClients = "@_alwaysEmitIntoClient"

    /// Whether other modules see the body.
    var showsBody: Bool { self != .plain && self != .packaged }
}

struct Parameter: Sendable, Hashable {
    var number: Int
    /// What callers give; nil when they leave it to the default.
    var argument: Int?
    var defaultValue: Int?

    var name: String { "p\(number)" }
}

enum OverloadLevel: Int, Sendable, CaseIterable, Comparable {
    case any
    case integer
    case concrete

    static func < (left: OverloadLevel, right: OverloadLevel) -> Bool { left.rawValue < right.rawValue }
}

enum Constraint: String, Sendable, CaseIterable {
    case text = "CustomStringConvertible"
    case binary = "BinaryInteger"
    case fixed = "FixedWidthInteger"
    case signed = "SignedInteger"
    case hashable = "Hashable & Strideable"
}

struct Field: Sendable, Hashable {
    enum Kind: String, Sendable, CaseIterable {
        case int = "Int"
        case byte = "Int8"
        case double = "Double"
        case text = "String"
        case flag = "Bool"
        case list = "[Int]"
    }

    var number: Int
    var kind: Kind
    /// What it begins with.
    var value: Int

    var name: String { "f\(number)" }
}

struct EnumCase: Sendable, Hashable {
    enum Payload: String, Sendable, CaseIterable {
        case none = ""
        case int = "Int"
        case text = "String"
    }

    var number: Int
    var payload: Payload
    var value: Int

    var name: String { "c\(number)" }
}

struct Requirement: Sendable, Hashable {
    var number: Int
    /// What the default implementation gives.
    var value: Int

    var name: String { "m\(number)" }
}

enum IntegerType: String, Sendable, CaseIterable {
    case int = "Int"
    case int8 = "Int8"
    case int16 = "Int16"
    case int32 = "Int32"
    case unsigned = "UInt"
    case unsigned16 = "UInt16"
}

enum IntegerOrText: String, Sendable, CaseIterable {
    case int = "Int"
    case text = "String"
}

enum OpaqueChoice: Sendable, CaseIterable {
    case array
    case one
    case repeated
    case steps
}
