// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

extension Evaluator {
    func packageBuiltins() -> [Builtin] {
        [
            define("swift_package", "path?") { evaluator, call in
                try evaluator.describe(try evaluator.packageDirectory(call, "path"))
            }
        ]
    }

    /// What SwiftPM says of a package: `path`, `name`, `products` (name, type, targets) and `targets` (name, type, path).
    private func describe(_ package: String) throws -> Value {
        state.watch(Paths.resolve("Package.swift", in: package))
        let command = Command(
            arguments: ["swift", "package", "--package-path", package, "describe", "--type", "json"],
            directory: package)
        let text = try run(command, shown: "swift package describe")
        // SwiftPM may talk before it answers.
        guard let start = text.firstIndex(of: "{"), let json = try? JSONValue(parsing: String(text[start...])) else {
            throw SpecFault("SwiftPM's description of \"\(display(package))\" is no JSON")
        }
        let products = (json["products"]?.array ?? []).map { product in
            Self.record([
                ("name", product["name"]), ("type", .string(product["type"]?.object?.keys.first ?? "")),
                ("targets", product["targets"]),
            ])
        }
        let targets = (json["targets"]?.array ?? []).map { target in
            let path = target["path"]?.string.map { Paths.resolve($0, in: package) }
            return Self.record([
                ("name", target["name"]), ("type", target["type"]), ("path", path.map(JSONValue.string)),
            ])
        }
        return .object(
            StarlarkStruct([
                (name: "path", value: .string(package)), (name: "name", value: Value(json["name"] ?? "")),
                (name: "products", value: .list(products)), (name: "targets", value: .list(targets)),
            ]))
    }

    private static func record(_ members: [(String, JSONValue?)]) -> Value {
        .object(StarlarkStruct(members.map { (name: $0, value: Value($1 ?? .null)) }))
    }
}
