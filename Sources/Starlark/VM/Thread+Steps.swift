// SPDX-License-Identifier: Apache-2.0

/// What single instructions need beyond the loop.
extension Thread {
    /// Notes the state of the innermost frame, for tracebacks and for what runs inside it.
    func suspend(_ next: Int, _ top: UnsafeMutablePointer<Value>, _ budget: Int) {
        frames[frames.count - 1].next = next
        frames[frames.count - 1].top = top
        self.budget = budget
    }

    /// Ends all calls but the outermost `base`.
    func unwind(to base: Int) {
        while frames.count > base { popFrame() }
    }

    /// Takes the topmost `count` operands.
    static func take(_ count: Int, _ top: inout UnsafeMutablePointer<Value>) -> [Value] {
        top -= count
        let first = top
        return [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
            buffer.baseAddress?.moveInitialize(from: first, count: count)
            initialized = count
        }
    }

    static func cell(_ value: Value?) -> Cell? {
        guard case .object(let object) = value, object.kind == .cell else { return nil }
        return unsafeDowncast(object, to: Cell.self)
    }

    static func unbound(_ scope: String, _ name: String) -> StarlarkError {
        StarlarkError("\(scope) variable \(name) referenced before assignment")
    }

    /// Operators by their number in an instruction.
    static let binaryOperators: [BinaryOperator] = (0...BinaryOperator.in.rawValue).compactMap {
        BinaryOperator(rawValue: $0)
    }
    static let comparisons: [ComparisonOperator] = (0...ComparisonOperator.greaterOrEqual.rawValue).compactMap {
        ComparisonOperator(rawValue: $0)
    }

    /// Runs a `load` statement and gives the values of its names.
    func load(_ site: LoadSite) throws -> [Value] {
        guard let load else { throw StarlarkError("load not implemented by this application") }
        let module: [String: Value]
        do {
            module = try load(self, site.module)
        } catch {
            throw EvalError(
                message: "cannot load \(site.module): \(String(describing: error))", frames: callStack, cause: error)
        }
        return try site.names.map { name in
            if let value = module[name] { return value }
            let hint = Spelling.nearest(to: name, among: module.keys).map { " (did you mean \($0)?)" } ?? ""
            throw StarlarkError("load: name \(name) not found in module \(site.module)\(hint)")
        }
    }
}

extension CallSite {
    /// The number of operands of the call.
    var count: Int { positionalCount + names.count + (hasStar ? 1 : 0) + (hasStarStar ? 1 : 0) }
}

extension UnsafeMutablePointer<Value> {
    /// Whether this is a method waiting for its call.
    @inline(__always)
    var isMethod: Bool { borrowed?._withUnsafeGuaranteedRef { $0.kind == .method } ?? false }
}
