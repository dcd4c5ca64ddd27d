// SPDX-License-Identifier: Apache-2.0

/// The code of one function, ready to run.
final class FunctionCode {
    let name: String
    let file: String
    /// Where the function is defined.
    let spot: Spot

    /// The instructions. Owned here; freed with the code.
    let words: UnsafeMutablePointer<UInt32>
    let wordCount: Int
    /// The constants. Owned here; freed with the code.
    let constants: UnsafeMutablePointer<Value>
    let constantCount: Int
    let names: [AttributeName]
    let functions: [FunctionCode]
    let callSites: [CallSite]
    let loadSites: [LoadSite]
    private let positions: [(word: UInt32, spot: Spot)]

    /// Names of plain parameters, keyword-only ones last.
    let parameterNames: [String]
    let keywordOnlyCount: Int
    let hasVarargs: Bool
    let hasKwargs: Bool
    /// Parameters that have defaults, by slot.
    let defaultSlots: [Int]
    let localNames: [String]
    /// Slots that hold cells.
    let cellSlots: [Int]
    let freeNames: [String]
    let maxStack: Int
    /// Whether arguments can be moved straight into the slots: plain parameters only, none of them in a cell.
    let isSimple: Bool

    init(_ builder: CodeBuilder, _ node: FunctionNode, file: String) {
        name = node.name.name
        self.file = file
        spot = node.spot
        wordCount = builder.words.count
        words = .allocate(capacity: max(1, wordCount))
        words.initialize(from: builder.words, count: wordCount)
        constantCount = builder.constants.count
        constants = .allocate(capacity: max(1, constantCount))
        constants.initialize(from: builder.constants, count: constantCount)
        names = builder.names
        functions = builder.functions
        callSites = builder.callSites
        loadSites = builder.loadSites
        positions = builder.positions
        maxStack = builder.maxDepth

        var plain: [String] = []
        var defaults: [Int] = []
        for parameter in node.parameters {
            switch parameter {
            case .required(let name): plain.append(name.name)
            case .optional(let name, _, _):
                defaults.append(plain.count)
                plain.append(name.name)
            case .star, .starStar: break
            }
        }
        parameterNames = plain
        defaultSlots = defaults
        keywordOnlyCount = node.keywordOnlyCount
        hasVarargs = node.hasVarargs
        hasKwargs = node.hasKwargs
        localNames = node.locals.map { $0.first?.name ?? "" }
        cellSlots = node.locals.indices.filter { node.locals[$0].scope == .cell }
        freeNames = node.freeVariables.map { $0.first?.name ?? "" }
        isSimple = !hasVarargs && !hasKwargs && keywordOnlyCount == 0 && cellSlots.isEmpty
    }

    deinit {
        words.deinitialize(count: wordCount)
        words.deallocate()
        constants.deinitialize(count: constantCount)
        constants.deallocate()
    }

    /// The place in the source of the instruction at `word`; the definition itself before the first one.
    func position(of word: Int) -> Position {
        var low = 0
        var high = positions.count
        while low < high {
            let middle = (low + high) / 2
            if Int(positions[middle].word) <= word { low = middle + 1 } else { high = middle }
        }
        let place = low > 0 ? positions[low - 1].spot : spot
        return place.position(in: file)
    }
}

/// An attribute name in code, with the methods of that name, found once per type.
final class AttributeName {
    let name: String
    private var methods: [Method?]

    init(_ name: String) {
        self.name = name
        methods = ObjectKind.allCases.map { MethodTable.table(for: $0)[name] }
    }

    /// The method of this name that objects of a kind have.
    func method(of kind: ObjectKind) -> Method? { methods[Int(kind.rawValue)] }
}

/// A call that has more than positional arguments.
struct CallSite {
    let positionalCount: Int
    let names: [String]
    let hasStar: Bool
    let hasStarStar: Bool
}

/// A `load` statement.
struct LoadSite {
    let module: String
    let names: [String]
}
