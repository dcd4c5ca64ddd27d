// SPDX-License-Identifier: Apache-2.0

extension PackageModel {
    /// The package that edits begin with: every shape at least once, in every layer some that use those below.
    package init(seed: UInt64) {
        self.init(modules: [
            Module(name: "Base", kind: .library, dependencies: []),
            Module(name: "Left", kind: .library, dependencies: ["Base"]),
            Module(name: "Right", kind: .library, dependencies: ["Base"]),
            Module(name: "Top", kind: .library, dependencies: ["Left", "Right"]),
            Module(name: "alpha", kind: .program(hasMainType: false), dependencies: ["Base", "Top"]),
            Module(name: "beta-tool", kind: .program(hasMainType: false), dependencies: ["Left"]),
            Module(name: "gamma", kind: .program(hasMainType: true), dependencies: ["Right", "Top"]),
        ])
        var random = SplitMix64(seed: seed, step: 0)
        for module in modules.indices {
            for shapes in Self.kinds(modules[module]) {
                modules[module].files.append(File(name: "File\(newNumber())", items: []))
                let place = FilePlace(module: module, file: modules[module].files.count - 1)
                for kind in shapes { addItem(kind, to: place, &random) }
            }
        }
    }

    /// What the files of a module declare at first.
    private static func kinds(_ module: Module) -> [[ShapeKind]] {
        switch module.name {
        case "Base":
            [
                [.structure, .function, .enumeration], [.contract, .generic, .constants],
                [.base, .overloads, .function, .alias],
            ]
        case "Left": [[.conformer, .box, .function], [.structure, .opaque, .generic]]
        case "Right": [[.subclass, .enumeration, .extended], [.function, .conditional, .located]]
        case "Top": [[.structure, .conformer, .function], [.contract, .overloads, .constants]]
        default: [[.function, .subclass, .conformer]]
        }
    }

    /// Adds a new item of a kind; one that has nothing to stand on becomes a function.
    mutating func addItem(_ kind: ShapeKind, to place: FilePlace, _ random: inout SplitMix64) {
        let id = newNumber()
        let usable = usable(from: place.module, before: id)
        let shape = shape(kind, amid: usable, &random)
        var item = Item(id: id, word: random.pick(Item.words), shape: shape, constant: random.number())
        if !usable.isEmpty {
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let used = random.pick(usable).id
                if !item.uses.contains(used) { item.uses.append(used) }
            }
        }
        self[place].items.append(item)
    }

    private func shape(_ kind: ShapeKind, amid usable: [Item], _ random: inout SplitMix64) -> Shape {
        switch kind {
        case .function:
            let attribute = random.pick(Attribute.allCases)
            return .function(attribute, [.required(1, &random), .defaulted(2, &random)])
        case .overloads: return .overloads([.any, random.pick([.integer, .concrete])])
        case .generic: return .generic(random.pick(Constraint.allCases), isInlinable: random.once(in: 2))
        case .structure:
            let nested = usable.filter { if case .structure = $0.shape { true } else { false } }.last?.id
            return .structure(Field.some(2, &random), isFrozen: random.once(in: 2), nested: nested)
        case .box: return .box(Field.some(1, &random))
        case .enumeration:
            let cases = (1...3).map { EnumCase.new($0, &random) }
            return .enumeration(cases, isOpen: random.once(in: 2))
        case .contract: return .contract((1...2).map { Requirement(number: $0, value: random.number()) })
        case .conformer:
            for item in usable.reversed() {
                if case .contract(let requirements) = item.shape {
                    return .conformer(of: item.id, overrides: [random.pick(requirements).number])
                }
            }
            return shape(.function, amid: usable, &random)
        case .base:
            return .base((1...2).map { Requirement(number: $0, value: random.number()) }, Field.some(1, &random))
        case .subclass:
            for item in usable.reversed() {
                if case .base(let methods, _) = item.shape {
                    return .subclass(of: item.id, overrides: [random.pick(methods).number])
                }
            }
            return shape(.function, amid: usable, &random)
        case .constants: return .constants(text: random.pick(Item.words))
        case .alias: return .alias(random.pick(IntegerType.allCases))
        case .extended: return .extended(random.pick(IntegerOrText.allCases))
        case .opaque: return .opaque(random.pick(OpaqueChoice.allCases))
        case .conditional: return .conditional
        case .located: return .located
        }
    }
}

/// Names of the shapes.
enum ShapeKind: Sendable, CaseIterable {
    case function, overloads, generic, structure, box, enumeration, contract, conformer, base, subclass, constants
    case alias, extended, opaque, conditional, located
}

extension Parameter {
    static func required(_ number: Int, _ random: inout SplitMix64) -> Parameter {
        Parameter(number: number, argument: random.number(), defaultValue: nil)
    }

    static func defaulted(_ number: Int, _ random: inout SplitMix64) -> Parameter {
        Parameter(number: number, argument: nil, defaultValue: random.number())
    }
}

extension Field {
    static func new(_ number: Int, _ random: inout SplitMix64) -> Field {
        Field(number: number, kind: random.pick(Kind.allCases), value: random.number())
    }

    static func some(_ count: Int, _ random: inout SplitMix64) -> [Field] { (1...count).map { new($0, &random) } }
}

extension EnumCase {
    static func new(_ number: Int, _ random: inout SplitMix64) -> EnumCase {
        EnumCase(number: number, payload: random.pick(Payload.allCases), value: random.number())
    }
}
