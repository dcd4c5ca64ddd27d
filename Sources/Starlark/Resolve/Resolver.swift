// SPDX-License-Identifier: Apache-2.0

/// Decides what each name refers to and checks the rules that need no evaluation. Collects every error.
///
/// Two passes, as in Python: first every binding of a block is collected, then uses are looked up, since a name that is
/// bound anywhere in a function is local in all of it.
final class Resolver {
    let dialect: Dialect
    let file: String
    private let isPredeclared: (String) -> Bool
    private let isUniversal: (String) -> Bool
    private let outsideNames: () -> [String]

    private(set) var errors: [(position: Position, message: String)] = []
    /// Globals by slot.
    private(set) var globals: [Binding] = []
    private var globalsByName: [String: Binding] = [:]
    private var outside: [String: Binding] = [:]
    private let fileBlock = Block(parent: nil, isFile: true)
    var block: Block
    /// The code of the file itself; its locals are the names that `load` binds and those of comprehensions.
    let toplevel: FunctionNode
    var loopDepth = 0
    var conditionalDepth = 0

    /// `outsideNames` gives the names of the environment, for hints.
    init(
        _ statements: [Stmt], file: String, dialect: Dialect, isPredeclared: @escaping (String) -> Bool,
        isUniversal: @escaping (String) -> Bool, outsideNames: @escaping () -> [String]
    ) {
        self.file = file
        self.dialect = dialect
        self.isPredeclared = isPredeclared
        self.isUniversal = isUniversal
        self.outsideNames = outsideNames
        let start = Spot(line: 1, column: 1)
        let name = Identifier(name: "<toplevel>", spot: start)
        toplevel = FunctionNode(name: name, spot: start, parameters: [], body: statements)
        block = fileBlock
    }

    /// Resolves the whole file; throws all errors at once.
    func run() throws(SyntaxErrors) {
        resolve(toplevel.body)
        resolveLocalUses(of: fileBlock)
        resolveRemainingUses(of: fileBlock)
        if !errors.isEmpty { throw SyntaxErrors(errors.sorted { Self.precedes($0.position, $1.position) }) }
    }

    private static func precedes(_ a: Position, _ b: Position) -> Bool {
        a.line == b.line ? a.column < b.column : a.line < b.line
    }

    func report(_ message: String, at spot: Spot) {
        errors.append((spot.position(in: file), message))
    }

    /// The function whose code is being resolved; nil at top level.
    var currentFunction: FunctionNode? { container.function }

    private var container: Block {
        var candidate = block
        while candidate.function == nil, let parent = candidate.parent { candidate = parent }
        return candidate
    }

    // MARK: Bindings

    /// Binds a name in the current block. True when it was bound there before.
    @discardableResult
    func bind(_ identifier: Identifier) -> Bool {
        guard block.isFile else { return bindLocal(identifier) }
        var binding = fileBlock.bindings[identifier.name] ?? globalsByName[identifier.name]
        let existed = binding != nil
        if let binding, !dialect.globalReassign {
            let place = binding.first?.spot.position(in: file).description ?? ""
            report(
                "cannot reassign \(binding.scope.rawValue) \(identifier.name) declared at \(place)",
                at: identifier.spot)
        } else if binding == nil {
            let new = Binding(.global, index: globals.count, first: (identifier.name, identifier.spot))
            globals.append(new)
            globalsByName[identifier.name] = new
            binding = new
        }
        identifier.binding = binding
        return existed
    }

    /// Binds a name as a local of the current block, also at file level. True when it was bound there before.
    func bindLocal(_ identifier: Identifier) -> Bool {
        let existed = block.bindings[identifier.name] != nil
        if !existed {
            let function = currentFunction ?? toplevel
            let binding = Binding(.local, index: function.locals.count, first: (identifier.name, identifier.spot))
            function.locals.append(binding)
            block.bindings[identifier.name] = binding
        }
        use(identifier)
        return existed
    }

    /// Notes a use of a name, to be looked up once its block is complete.
    func use(_ identifier: Identifier) {
        // With rebinding, a use at top level sees only the bindings before it.
        if dialect.globalReassign && block.isFile {
            identifier.binding = lookupToplevel(identifier, from: block)
            return
        }
        container.uses.append((identifier, block))
    }

    // MARK: Uses

    /// Settles the uses in a function that refer to its own variables; keeps the others for later.
    func resolveLocalUses(of function: Block) {
        function.uses.removeAll { use in
            guard let binding = lookupLocal(use.identifier.name, from: use.block) else { return false }
            use.identifier.binding = binding
            return true
        }
    }

    private func lookupLocal(_ name: String, from start: Block) -> Binding? {
        var candidate: Block? = start
        while let block = candidate {
            if let binding = block.bindings[name] {
                return binding.scope == .local || binding.scope == .cell ? binding : nil
            }
            if block.function != nil { return nil }
            candidate = block.parent
        }
        return nil
    }

    /// Settles everything else, inner blocks first, and so finds out which variables closures share.
    private func resolveRemainingUses(of block: Block) {
        for child in block.children { resolveRemainingUses(of: child) }
        for use in block.uses {
            use.identifier.binding = lookupLexical(use.identifier, from: use.block, in: use.block)
        }
        // A use refers to its block, often the very block that keeps it; nothing would free either.
        block.uses = []
    }

    private func lookupLexical(_ identifier: Identifier, from origin: Block, in block: Block) -> Binding {
        guard !block.isFile, let parent = block.parent else { return lookupToplevel(identifier, from: origin) }
        if let binding = block.bindings[identifier.name] { return binding }
        var binding = lookupLexical(identifier, from: origin, in: parent)
        if let function = block.function, [.local, .free, .cell].contains(binding.scope) {
            // A variable of an enclosing function: it lives in a cell from now on.
            if binding.scope == .local { binding.scope = .cell }
            function.freeVariables.append(binding)
            binding = Binding(.free, index: function.freeVariables.count - 1, first: binding.first)
        }
        // Remembered, so that a variable is captured once and an unknown name is reported once a block.
        block.bindings[identifier.name] = binding
        return binding
    }

    private func lookupToplevel(_ identifier: Identifier, from origin: Block) -> Binding {
        let name = identifier.name
        if let binding = fileBlock.bindings[name] ?? globalsByName[name] ?? outside[name] { return binding }
        if isPredeclared(name) { return remember(Binding(.predeclared), name) }
        if isUniversal(name) {
            if name == "set" && !dialect.set {
                report("this Starlark dialect does not support sets", at: identifier.spot)
            }
            return remember(Binding(.universal), name)
        }
        var hint = ""
        if let near = nearestName(to: identifier, from: origin) { hint = " (did you mean \(near)?)" }
        report("undefined: \(name)\(hint)", at: identifier.spot)
        return Binding(.undefined)
    }

    private func remember(_ binding: Binding, _ name: String) -> Binding {
        outside[name] = binding
        return binding
    }

    private func nearestName(to identifier: Identifier, from origin: Block) -> String? {
        var names = Set(globalsByName.keys).union(outsideNames())
        var candidate: Block? = origin
        while let block = candidate {
            for (name, binding) in block.bindings where binding.scope != .undefined { names.insert(name) }
            candidate = block.parent
        }
        return Spelling.nearest(to: identifier.name, among: names)
    }
}
