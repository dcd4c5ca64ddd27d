// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

/// A call of a builtin, its arguments by the names of the parameters.
struct BuiltinCall {
    let thread: Thread
    private let names: [String]
    private let values: [Value?]
    /// Where the spec calls it.
    let location: SourceLocation?

    init(thread: Thread, names: [String], values: [Value?], location: SourceLocation?) {
        self.thread = thread
        self.names = names
        self.values = values
        self.location = location
    }

    /// Whether the builtin has the parameter at all.
    func has(_ name: String) -> Bool { names.contains(name) }

    /// The argument as it was given; nil when it was left out.
    func raw(_ name: String) -> Value? {
        guard let index = names.firstIndex(of: name) else { preconditionFailure("there is no parameter \(name)") }
        return values[index]
    }

    /// The argument; nil when it was left out or is None.
    func value(_ name: String) -> Value? {
        guard let value = raw(name), !value.isNone else { return nil }
        return value
    }

    /// A string that must be there.
    func string(_ name: String) throws -> String {
        guard let text = raw(name)?.asString else {
            throw SpecFault("\(name) must be a string, got \(raw(name)?.typeName ?? "NoneType")")
        }
        return text
    }

    /// A string that may be left out.
    func string(_ name: String, default text: String) throws -> String {
        try value(name) == nil ? text : string(name)
    }

    /// Text of a string or blob that may be left out.
    func text(_ name: String) throws -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.text else {
            throw SpecFault("\(name) must be a string or a blob, got \(value.typeName)")
        }
        return text
    }

    /// A bool that may be left out.
    func bool(_ name: String) throws -> Bool? {
        guard let value = value(name) else { return nil }
        guard let bool = value.asBool else { throw SpecFault("\(name) must be True or False, got \(value.typeName)") }
        return bool
    }

    /// An int that may be left out.
    func int(_ name: String) throws -> Int? {
        guard let value = value(name) else { return nil }
        guard let int = value.asInt else { throw SpecFault("\(name) must be an int, got \(value.typeName)") }
        return int
    }

    /// Strings of a string, a list or a tuple; none when left out.
    func strings(_ name: String) throws -> [String] { try value(name)?.strings(name) ?? [] }

    /// The pairs of a dict of strings; none when left out.
    func dictionary(_ name: String) throws -> [String: String] { try value(name)?.dictionary(name) ?? [:] }
}

extension Evaluator {
    /// Makes a builtin. Parameters are `name`, or `name?` for those that may be left out.
    func define(
        _ name: String, _ parameters: String..., body: @escaping (Evaluator, BuiltinCall) throws -> Value
    ) -> Builtin {
        define(name, parameters: parameters, body: body)
    }

    /// Makes a builtin with a list of parameters.
    func define(
        _ name: String, parameters: [String], body: @escaping (Evaluator, BuiltinCall) throws -> Value
    ) -> Builtin {
        signatures[name] = parameters
        let parameters = Parameters(name, parameters)
        return Builtin(name) { [unowned self] thread, arguments in
            let values = try parameters.bind(arguments)
            let location = place(thread)
            let call = BuiltinCall(thread: thread, names: parameters.names, values: values, location: location)
            let start = timings.begin()
            defer { timings.end(name, at: location, start: start) }
            do {
                return try body(self, call)
            } catch let fault as SpecFault {
                throw DevloopError(.spec, "\(name): \(fault.message)", hint: fault.hint)
            }
        }
    }

    /// The innermost place of the spec in a call stack.
    func place(_ thread: Thread) -> SourceLocation? {
        thread.callStack.last { $0.position.file != Position.builtinFile }.map { location($0.position) }
    }

    /// A place of the language as one that is shown.
    func location(_ position: Position) -> SourceLocation {
        SourceLocation(
            file: display(position.file), line: position.line > 0 ? position.line : nil,
            column: position.column > 0 ? position.column : nil)
    }
}
