// SPDX-License-Identifier: Apache-2.0

extension Thread {
    /// Runs the innermost frame until only `base` frames are left, and gives its result. Calls between functions stay in
    /// this loop; only builtins that call functions, and `load`, enter it again.
    func run(downTo base: Int) throws -> Value {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Self.maxNesting else {
            let error = evalError(Self.overflow)
            unwind(to: base)
            throw error
        }
        // The state of the innermost frame, kept in variables while it runs.
        var function = unsafeDowncast(frames[frames.count - 1].callable, to: StarlarkFunction.self)
        var code = function.code
        var words = code.words
        var locals = frames[frames.count - 1].locals
        var top = frames[frames.count - 1].top
        var next = frames[frames.count - 1].next
        var budget = self.budget
        do {
            while true {
                let word = words[next]
                next &+= 1
                budget &-= 1
                if budget <= 0 {
                    self.budget = budget
                    try checkpoint()
                    budget = self.budget
                }
                let operand = Int(word >> 8)
                // Only `CodeBuilder` writes words, always from an opcode, so the byte needs no check here.
                let opcode = unsafeBitCast(UInt8(truncatingIfNeeded: word), to: Opcode.self)
                switch opcode {
                case .pop:
                    top -= 1
                    top.deinitialize(count: 1)
                case .dup:
                    top.initialize(to: top[-1])
                    top += 1
                case .dup2:
                    top.initialize(to: top[-2])
                    (top + 1).initialize(to: top[-1])
                    top += 2
                case .none:
                    top.initialize(to: .none)
                    top += 1
                case .yes:
                    top.initialize(to: .bool(true))
                    top += 1
                case .no:
                    top.initialize(to: .bool(false))
                    top += 1
                case .constant:
                    top.initialize(to: code.constants[operand])
                    top += 1

                case .local:
                    guard let value = locals[operand] else { throw Self.unbound("local", code.localNames[operand]) }
                    top.initialize(to: value)
                    top += 1
                case .setLocal:
                    top -= 1
                    locals[operand] = top.move()
                case .localCell:
                    guard let value = Self.cell(locals[operand])?.value else {
                        throw Self.unbound("local", code.localNames[operand])
                    }
                    top.initialize(to: value)
                    top += 1
                case .setLocalCell:
                    top -= 1
                    Self.cell(locals[operand])?.value = top.move()
                case .cellReference:
                    top.initialize(to: locals[operand] ?? .none)
                    top += 1
                case .free:
                    guard let value = function.cells[operand].value else {
                        throw Self.unbound("local", code.freeNames[operand])
                    }
                    top.initialize(to: value)
                    top += 1
                case .freeReference:
                    top.initialize(to: .object(function.cells[operand]))
                    top += 1
                case .global:
                    guard let value = function.module.globals[operand] else {
                        throw Self.unbound("global", function.module.names[operand])
                    }
                    top.initialize(to: value)
                    top += 1
                case .setGlobal:
                    top -= 1
                    function.module.globals[operand] = top.move()

                case .add:
                    top -= 1
                    if case .int(let x) = top[-1], case .int(let y) = top[0] {
                        (top - 1).initialize(to: IntMath.add(x, y))
                    } else {
                        let right = top.move()
                        top[-1] = try Operation.binary(.add, top[-1], right)
                    }
                case .subtract:
                    top -= 1
                    if case .int(let x) = top[-1], case .int(let y) = top[0] {
                        (top - 1).initialize(to: IntMath.subtract(x, y))
                    } else {
                        let right = top.move()
                        top[-1] = try Operation.binary(.subtract, top[-1], right)
                    }
                case .multiply:
                    top -= 1
                    if case .int(let x) = top[-1], case .int(let y) = top[0] {
                        (top - 1).initialize(to: IntMath.multiply(x, y))
                    } else {
                        let right = top.move()
                        top[-1] = try Operation.binary(.multiply, top[-1], right)
                    }
                case .binary:
                    top -= 1
                    let right = top.move()
                    top[-1] = try Operation.binary(Self.binaryOperators[operand], top[-1], right)
                case .compare:
                    top -= 1
                    if case .int(let x) = top[-1], case .int(let y) = top[0] {
                        let order = x < y ? -1 : x > y ? 1 : 0
                        (top - 1).initialize(to: .bool(Self.comparisons[operand].holds(order)))
                        continue
                    }
                    let right = top.move()
                    top[-1] = .bool(try Comparison.compare(Self.comparisons[operand], top[-1], right))
                case .contains:
                    top -= 1
                    let right = top.move()
                    top[-1] = try Operation.binary(.in, top[-1], right)
                case .notContains:
                    top -= 1
                    let right = top.move()
                    top[-1] = .bool(try !Operation.binary(.in, top[-1], right).truth)
                case .not:
                    top[-1] = .bool(!top[-1].truth)
                case .negate:
                    top[-1] = try Operation.unary(.negate, top[-1])
                case .plus:
                    top[-1] = try Operation.unary(.plus, top[-1])
                case .invert:
                    top[-1] = try Operation.unary(.invert, top[-1])
                case .inPlaceAdd:
                    top -= 1
                    if case .int(let x) = top[-1], case .int(let y) = top[0] {
                        (top - 1).initialize(to: IntMath.add(x, y))
                    } else {
                        let right = top.move()
                        top[-1] = try Operation.inPlaceAdd(top[-1], right)
                    }
                case .inPlaceOr:
                    top -= 1
                    let right = top.move()
                    top[-1] = try Operation.inPlaceOr(top[-1], right)

                case .index:
                    top -= 1
                    let key = top.move()
                    top[-1] = try Operation.index(top[-1], key)
                case .setIndex:
                    top -= 3
                    let (first, second, third) = (top.move(), (top + 1).move(), (top + 2).move())
                    if operand == 1 {
                        try Operation.setIndex(second, third, first)
                    } else {
                        try Operation.setIndex(first, second, third)
                    }
                case .attribute:
                    top[-1] = try Operation.attribute(top[-1], code.names[operand].name)
                case .setField:
                    top -= 2
                    let (first, second) = (top.move(), (top + 1).move())
                    let name = code.names[operand >> 1].name
                    if operand & 1 == 1 {
                        try Operation.setField(second, name, first)
                    } else {
                        try Operation.setField(first, name, second)
                    }
                case .slice:
                    top -= 3
                    let (from, to, step) = (top.move(), (top + 1).move(), (top + 2).move())
                    top[-1] = try Operation.slice(top[-1], from, to, step)

                case .makeTuple:
                    let elements = Self.take(operand, &top)
                    top.initialize(to: .tuple(elements))
                    top += 1
                case .makeList:
                    let elements = Self.take(operand, &top)
                    top.initialize(to: .list(elements))
                    top += 1
                case .makeDict:
                    top.initialize(to: .object(StarlarkDict()))
                    top += 1
                case .insertUnique:
                    top -= 2
                    let (key, value) = (top.move(), (top + 1).move())
                    try top[-1].dictObject?.insertUnique(key, value)
                case .listAppend:
                    top -= 1
                    let value = top.move()
                    // The compiler has put a list there.
                    (top - 1 - operand).borrowed?._withUnsafeGuaranteedRef {
                        unsafeDowncast($0, to: StarlarkList.self).elements.append(value)
                    }
                case .dictInsert:
                    top -= 2
                    let (key, value) = (top.move(), (top + 1).move())
                    try top[-1 - operand].dictObject?.set(key, value)

                case .iterate:
                    guard let iterator = top[-1].makeIterator() else {
                        throw StarlarkError("\(top[-1].typeName) value is not iterable")
                    }
                    top[-1] = .object(iterator)
                case .next:
                    guard let iterator = (top - 1).borrowed else { continue }
                    if let value = iterator._withUnsafeGuaranteedRef({
                        unsafeDowncast($0, to: StarlarkIterator.self).next()
                    }) {
                        top.initialize(to: value)
                        top += 1
                    } else {
                        next = operand
                    }
                case .nextLocal:
                    let slot = locals + Int(words[next])
                    next &+= 1
                    guard let iterator = (top - 1).borrowed else { continue }
                    if iterator._withUnsafeGuaranteedRef({ $0.kind == .rangeIterator }) {
                        let number = iterator._withUnsafeGuaranteedRef {
                            unsafeDowncast($0, to: RangeIterator.self).nextInt()
                        }
                        guard let number else {
                            next = operand
                            continue
                        }
                        if case .object? = slot.pointee {
                            slot.pointee = .int(number)
                        } else {
                            slot.initialize(to: .int(number))
                        }
                    } else if let value = iterator._withUnsafeGuaranteedRef({
                        unsafeDowncast($0, to: StarlarkIterator.self).next()
                    }) {
                        slot.pointee = value
                    } else {
                        next = operand
                    }
                case .unpack:
                    top -= 1
                    let elements = try Operation.unpack(top.move(), operand)
                    for element in elements.reversed() {
                        top.initialize(to: element)
                        top += 1
                    }

                case .jump:
                    next = operand
                case .jumpIfFalse:
                    top -= 1
                    if !top.move().truth { next = operand }
                case .jumpIfTrue:
                    top -= 1
                    if top.move().truth { next = operand }
                case .jumpIfFalseOrPop:
                    if !top[-1].truth {
                        next = operand
                    } else {
                        top -= 1
                        top.deinitialize(count: 1)
                    }
                case .jumpIfTrueOrPop:
                    if top[-1].truth {
                        next = operand
                    } else {
                        top -= 1
                        top.deinitialize(count: 1)
                    }

                case .loadMethod:
                    let name = code.names[operand]
                    if let object = (top - 1).borrowed,
                        let method = name.method(of: object._withUnsafeGuaranteedRef { $0.kind })
                    {
                        top.moveInitialize(from: top - 1, count: 1)
                        (top - 1).initialize(to: .object(method))
                    } else {
                        top[-1] = try Operation.attribute(top[-1], name.name)
                        top.initialize(to: .none)
                    }
                    top += 1
                case .callMethod where (top - operand - 2).isMethod:
                    let place = top - operand - 2
                    if case .object(let callable) = place[0], case .object(let receiver) = place[1],
                        let direct = unsafeDowncast(callable, to: Method.self).direct, direct.counts.contains(operand)
                    {
                        suspend(next, top, budget)
                        let result = try callDirect(direct, callable, receiver, Operands(top - operand, count: operand))
                        place.deinitialize(count: operand + 2)
                        place.initialize(to: result)
                        top = place + 1
                        continue
                    }
                    let arguments = Arguments(positional: Self.take(operand, &top))
                    top -= 2
                    guard case .object(let method) = top.move(), case .object(let receiver) = (top + 1).move() else {
                        continue
                    }
                    suspend(next, top, budget)
                    let result = try callMethod(
                        unsafeDowncast(method, to: Method.self), receiver, arguments)
                    budget = self.budget
                    top.initialize(to: result)
                    top += 1
                case .call, .callMethod, .callSite:
                    let site = opcode == .callSite ? code.callSites[operand] : nil
                    let count = site?.count ?? operand
                    let first = top - count
                    // A call through `loadMethod` has a filler between the callee and its arguments.
                    let callee = first - (opcode == .callMethod ? 2 : 1)
                    if opcode == .callMethod { (first - 1).deinitialize(count: 1) }
                    guard case .object(let object) = callee[0] else {
                        let error = Self.notCallable(callee[0])
                        first.deinitialize(count: count)
                        top = callee + 1
                        throw error
                    }
                    if object.kind == .builtin, site == nil,
                        let direct = unsafeDowncast(object, to: Builtin.self).direct, direct.counts.contains(count)
                    {
                        suspend(next, top, budget)
                        let result = try callDirect(direct, object, object, Operands(first, count: count))
                        callee.deinitialize(count: 1)
                        first.deinitialize(count: count)
                        callee.initialize(to: result)
                        top = callee + 1
                        continue
                    }
                    if object.kind == .function {
                        let target = unsafeDowncast(object, to: StarlarkFunction.self)
                        let direct = site == nil && target.code.isSimple && count == target.code.parameterNames.count
                        if direct {
                            suspend(next, callee + 1, budget)
                            top = callee + 1
                            do {
                                try push(target)
                            } catch {
                                first.deinitialize(count: count)
                                throw error
                            }
                            let slots = frames[frames.count - 1].locals
                            for index in 0..<count { slots[index] = (first + index).move() }
                        } else {
                            top = callee + 1
                            let arguments: Arguments
                            if let site {
                                arguments = try collect(site, from: first)
                            } else {
                                arguments = Arguments(positional: (0..<count).map { (first + $0).move() })
                            }
                            suspend(next, top, budget)
                            try push(target)
                            do {
                                try bind(target, arguments)
                            } catch {
                                let located = evalError(error)
                                popFrame()
                                throw located
                            }
                        }
                        // The callee now lives in its frame.
                        top -= 1
                        top.deinitialize(count: 1)
                        frames[frames.count - 2].top = top
                        function = target
                        code = target.code
                        words = code.words
                        locals = frames[frames.count - 1].locals
                        top = frames[frames.count - 1].top
                        next = 0
                        continue
                    }
                    top = callee + 1
                    let arguments: Arguments
                    if let site {
                        arguments = try collect(site, from: first)
                    } else {
                        arguments = Arguments(positional: (0..<count).map { (first + $0).move() })
                    }
                    suspend(next, top, budget)
                    let result = try callNative(object, arguments)
                    budget = self.budget
                    top[-1] = result
                case .makeFunction:
                    let target = code.functions[operand]
                    let cells = Self.take(target.freeNames.count, &top).compactMap { Self.cell($0) }
                    let defaults = Self.take(target.defaultSlots.count, &top)
                    top.initialize(
                        to: .object(
                            StarlarkFunction(code: target, module: function.module, defaults: defaults, cells: cells)))
                    top += 1
                case .load:
                    suspend(next, top, budget)
                    let values = try load(code.loadSites[operand])
                    budget = self.budget
                    for value in values {
                        top.initialize(to: value)
                        top += 1
                    }
                case .leave:
                    top -= 1
                    let result = top.move()
                    frames[frames.count - 1].top = top
                    popFrame()
                    if frames.count == base {
                        self.budget = budget
                        return result
                    }
                    function = unsafeDowncast(frames[frames.count - 1].callable, to: StarlarkFunction.self)
                    code = function.code
                    words = code.words
                    locals = frames[frames.count - 1].locals
                    top = frames[frames.count - 1].top
                    next = frames[frames.count - 1].next
                    top.initialize(to: result)
                    top += 1
                }
            }
        } catch {
            suspend(next, top, self.budget)
            let located = evalError(error)
            unwind(to: base)
            throw located
        }
    }
}
