// SPDX-License-Identifier: Apache-2.0

extension Thread {
    /// Calls a function from outside of the language. Throws `EvalError`.
    package func call(_ function: Value, _ arguments: Arguments) throws -> Value {
        guard case .object(let object) = function else { throw evalError(Self.notCallable(function)) }
        switch object.kind {
        case .function:
            let function = unsafeDowncast(object, to: StarlarkFunction.self)
            do {
                try push(function)
                do {
                    try bind(function, arguments)
                } catch {
                    let located = evalError(error)
                    popFrame()
                    throw located
                }
            } catch {
                throw evalError(error)
            }
            return try run(downTo: frames.count - 1)
        default:
            return try callNative(object, arguments)
        }
    }

    /// Calls what is not written in Starlark.
    func callNative(_ object: StarlarkObject, _ arguments: Arguments) throws -> Value {
        switch object.kind {
        case .builtin:
            return try callBuiltin(unsafeDowncast(object, to: Builtin.self), arguments)
        case .foreign where object.isCallable:
            return try unsafeDowncast(object, to: ForeignObject.self).value.call(self, arguments)
        default:
            throw evalError(Self.notCallable(.object(object)))
        }
    }

    static func notCallable(_ value: Value) -> StarlarkError {
        StarlarkError("invalid call of non-function (\(value.typeName))")
    }

    func callBuiltin(_ builtin: Builtin, _ arguments: Arguments) throws -> Value {
        try pushNative(builtin)
        do {
            let result = try builtin.body(self, arguments)
            _ = frames.removeLast()
            return result
        } catch {
            let located = evalError(error)
            _ = frames.removeLast()
            throw located
        }
    }

    func callMethod(_ method: Method, _ receiver: StarlarkObject, _ arguments: Arguments) throws -> Value {
        try pushNative(method)
        do {
            let result = try method.body(self, receiver, arguments)
            _ = frames.removeLast()
            return result
        } catch {
            let located = evalError(error)
            _ = frames.removeLast()
            throw located
        }
    }

    /// Calls a method or builtin that looks at its arguments where they lie.
    @inline(__always)
    func callDirect(
        _ direct: DirectBody, _ callable: StarlarkObject, _ receiver: StarlarkObject, _ operands: Operands
    ) throws -> Value {
        do {
            return try direct.body(receiver, operands)
        } catch {
            throw located(error, in: callable)
        }
    }

    /// The error of a native function for which there is no frame.
    @inline(never)
    private func located(_ error: any Error, in callable: StarlarkObject) -> any Error {
        do {
            try pushNative(callable)
            defer { _ = frames.removeLast() }
            if callable.kind == .method, let plain = error as? StarlarkError {
                return evalError(unsafeDowncast(callable, to: Method.self).naming(plain))
            }
            return evalError(error)
        } catch {
            return error
        }
    }

    private func pushNative(_ callable: StarlarkObject) throws {
        guard frames.count < Self.maxFrames else { throw evalError(Self.overflow) }
        let nowhere = arena.floor
        let stack = nowhere.assumingMemoryBound(to: Value.self)
        frames.append(
            Frame(
                callable: callable, code: nil, locals: nowhere.assumingMemoryBound(to: Value?.self), stack: stack,
                top: stack, next: 0, mark: arena.mark))
    }

    static let overflow = StarlarkError("Starlark stack overflow")

    /// Begins the call of a function: its slots are there, all unbound.
    func push(_ function: StarlarkFunction) throws {
        let code = function.code
        guard frames.count < Self.maxFrames else { throw evalError(Self.overflow) }
        if !function.module.allowsRecursion {
            if frames.contains(code) { throw StarlarkError("function \(code.name) called recursively") }
        }
        let mark = arena.mark
        let slots = code.localNames.count
        let memory = arena.allocate(slots + code.maxStack)
        let locals = memory.bindMemory(to: Value?.self, capacity: slots)
        locals.initialize(repeating: nil, count: slots)
        let stack = (memory + slots * MemoryLayout<Value>.stride).bindMemory(to: Value.self, capacity: code.maxStack)
        frames.append(
            Frame(callable: function, code: code, locals: locals, stack: stack, top: stack, next: 0, mark: mark))
    }

    /// Ends the innermost call: its slots and operands are released.
    func popFrame() {
        let frame = frames.removeLast()
        guard let code = frame.code else { return }
        frame.stack.deinitialize(count: frame.top - frame.stack)
        frame.locals.deinitialize(count: code.localNames.count)
        arena.release(to: frame.mark)
    }

    /// Puts the arguments of a call into the slots of the innermost frame.
    func bind(_ function: StarlarkFunction, _ arguments: Arguments) throws {
        let code = function.code
        let locals = frames[frames.count - 1].locals
        let plain = code.parameterNames.count
        let byPosition = plain - code.keywordOnlyCount
        let positional = arguments.positional

        let total = positional.count + arguments.keywords.count
        if plain == 0 && total > 0 && !code.hasVarargs && !code.hasKwargs {
            throw StarlarkError("function \(code.name) accepts no arguments (\(total) given)")
        }
        if positional.count > byPosition && !code.hasVarargs {
            let bound = code.defaultSlots.contains { $0 < byPosition } ? "at most " : ""
            throw StarlarkError(
                "function \(code.name) accepts \(bound)\(byPosition) positional "
                    + "argument\(byPosition == 1 ? "" : "s") (\(positional.count) given)")
        }
        for index in 0..<min(positional.count, byPosition) { locals[index] = positional[index] }
        if code.hasVarargs { locals[plain] = .tuple(Array(positional.dropFirst(byPosition))) }

        let extra = code.hasKwargs ? StarlarkDict() : nil
        for (name, value) in arguments.keywords {
            if let slot = code.parameterNames.firstIndex(of: name) {
                guard locals[slot] == nil else { throw Self.repeated(code, name) }
                locals[slot] = value
                continue
            }
            guard let extra else {
                let hint = Spelling.nearest(to: name, among: code.parameterNames).map { " (did you mean \($0)?)" } ?? ""
                throw StarlarkError("function \(code.name) got an unexpected keyword argument \"\(name)\"\(hint)")
            }
            let key = Value.string(name)
            guard try extra.get(key) == nil else { throw Self.repeated(code, name) }
            try extra.set(key, value)
        }
        if let extra { locals[plain + (code.hasVarargs ? 1 : 0)] = .object(extra) }

        for (index, slot) in code.defaultSlots.enumerated() where locals[slot] == nil {
            locals[slot] = function.defaults[index]
        }
        var missing: [String] = []
        for slot in 0..<plain where locals[slot] == nil { missing.append(code.parameterNames[slot]) }
        if !missing.isEmpty {
            throw StarlarkError(
                "function \(code.name) missing \(missing.count) argument\(missing.count > 1 ? "s" : "") "
                    + "(\(missing.joined(separator: ", ")))")
        }
        wrapCells(code, locals)
    }

    private static func repeated(_ code: FunctionCode, _ name: String) -> StarlarkError {
        StarlarkError("function \(code.name) got multiple values for parameter \"\(name)\"")
    }

    /// Gives each shared variable its cell; an argument moves into it.
    func wrapCells(_ code: FunctionCode, _ locals: UnsafeMutablePointer<Value?>) {
        for slot in code.cellSlots { locals[slot] = .object(Cell(locals[slot])) }
    }

    /// Collects the arguments of a call with names or stars from the top of the stack, where they lie uninitialised
    /// afterwards. `first` is the lowest of them.
    func collect(_ site: CallSite, from first: UnsafeMutablePointer<Value>) throws -> Arguments {
        let count = site.positionalCount
        var arguments = Arguments(positional: (0..<count).map { (first + $0).move() })
        var next = first + count
        for name in site.names {
            arguments.keywords.append((name, next.move()))
            next += 1
        }
        let star = site.hasStar ? next.move() : nil
        if site.hasStar { next += 1 }
        let starStar = site.hasStarStar ? next.move() : nil
        if let star {
            guard let more = try? star.iterate() else {
                throw StarlarkError("argument after * must be iterable, not \(star.typeName)")
            }
            arguments.positional += more
        }
        if let starStar {
            guard let dict = starStar.dictObject else {
                throw StarlarkError("argument after ** must be a mapping, not \(starStar.typeName)")
            }
            for (key, value) in dict.entries {
                guard let name = key.asString else {
                    throw StarlarkError("keywords must be strings, not \(key.typeName)")
                }
                arguments.keywords.append((name, value))
            }
        }
        return arguments
    }
}
