// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Starlark
import YAMLTree

extension Evaluator {
    /// The forms of data: how text becomes values, and values text.
    private enum DataForm: String, CaseIterable {
        case json, yaml
        case yamlStream = "yaml_stream"

        func decode(_ text: String, source: String) throws -> Value {
            switch self {
            case .json: return Value(try JSONValue(parsing: text, source: source))
            case .yaml:
                let documents = try YAML.json(text, file: source)
                guard let document = documents.first, documents.count == 1 else {
                    throw SpecFault(
                        "\(source) holds \(documents.count) documents, want one",
                        hint: documents.isEmpty ? nil : "the functions for yaml_stream take several")
                }
                return Value(document)
            case .yamlStream: return .list(try YAML.json(text, file: source).filter { !$0.isNull }.map { Value($0) })
            }
        }

        func encode(_ value: Value) throws -> String {
            switch self {
            case .json: return try value.json().prettyText + "\n"
            case .yaml: return YAML.emit([try value.json()])
            case .yamlStream:
                guard let elements = try? value.iterate(), value.typeName != "dict" else {
                    throw SpecFault("a stream is made of a list, got \(value.typeName)")
                }
                return YAML.emit(try elements.map { try $0.json() })
            }
        }
    }

    /// Tilt's names for what is decoded.
    private static func textParameter(_ form: DataForm) -> String { form == .json ? "json" : "yaml" }

    /// `read_`, `decode_` and `encode_`, each for `json`, `yaml` and `yaml_stream`.
    func dataBuiltins() -> [Builtin] {
        DataForm.allCases.flatMap { form in
            [
                define("read_\(form.rawValue)", "path", "default?") { evaluator, call in
                    let path = evaluator.absolute(try call.string("path"))
                    if let fallback = call.raw("default"), Files.kind(path) == nil {
                        evaluator.state.watch(path)
                        return fallback
                    }
                    let text = String(decoding: try evaluator.readWatched(path), as: UTF8.self)
                    return try form.decode(text, source: evaluator.display(path))
                },
                define("decode_\(form.rawValue)", Self.textParameter(form)) { _, call in
                    let parameter = Self.textParameter(form)
                    guard let text = try call.text(parameter) else {
                        throw SpecFault("\(parameter) must be a string or a blob, got NoneType")
                    }
                    let source = call.raw(parameter)?.asForeign(Blob.self)?.source
                    return try form.decode(text, source: source ?? call.location.map { "text at \($0)" } ?? "text")
                },
                define("encode_\(form.rawValue)", "obj") { _, call in
                    .foreign(Blob(try form.encode(call.raw("obj") ?? .none), source: "encode_\(form.rawValue)"))
                },
            ]
        }
    }
}
