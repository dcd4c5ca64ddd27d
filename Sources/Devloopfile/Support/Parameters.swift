// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Starlark

/// The parameters of a builtin: `name` for one that is required, `name?` for one that may be left out.
///
/// Binds as the language's own functions do, but keeps the suggestion for a misspelt name apart from the message, so
/// that it is shown as a hint.
struct Parameters {
    let function: String
    let names: [String]
    private let required: Int

    init(_ function: String, _ parameters: [String]) {
        self.function = function
        names = parameters.map { $0.hasSuffix("?") ? String($0.dropLast()) : $0 }
        required = parameters.prefix { !$0.hasSuffix("?") }.count
    }

    /// One value a parameter, nil where none was given.
    /// - Throws: code `.spec`, for arguments that are missing, unknown, given twice or too many.
    func bind(_ arguments: Arguments) throws(DevloopError) -> [Value?] {
        guard arguments.positional.count <= names.count else {
            throw fault("got \(arguments.positional.count) arguments, want at most \(names.count)")
        }
        var values: [Value?] = arguments.positional
        values += Array(repeating: nil, count: names.count - values.count)
        for keyword in arguments.keywords {
            guard let index = names.firstIndex(of: keyword.name) else {
                let nearest = Suggestion.nearest(to: keyword.name, among: names)
                let all = names.isEmpty ? "it takes no arguments" : "it takes \(names.joined(separator: ", "))"
                throw fault(
                    "unexpected keyword argument \"\(keyword.name)\"",
                    hint: nearest.map { "did you mean \"\($0)\"?" } ?? all)
            }
            guard values[index] == nil else {
                throw fault("got multiple values for keyword argument \"\(keyword.name)\"")
            }
            values[index] = keyword.value
        }
        if let missing = values.prefix(required).firstIndex(where: { $0 == nil }) {
            throw fault("missing argument for \(names[missing])")
        }
        return values
    }

    private func fault(_ message: String, hint: String? = nil) -> DevloopError {
        DevloopError(.spec, "\(function): \(message)", hint: hint)
    }
}
