// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner

/// What `swift package describe` says of this package, and the import lines of its sources.
struct PackageDescription: Sendable {
    struct Target: Sendable {
        var name: String
        /// `library`, `executable`, `test` or `system-target`.
        var type: String
        var path: String
        var targets: Set<String>
        var products: Set<String>
        /// Paths below `path`.
        var sources: [String]
    }

    /// One import line.
    struct Import: Sendable, Hashable {
        var target: String
        /// Path from the package's folder.
        var file: String
        var module: String
        /// `public`, `package`; empty when the line says nothing.
        var access: String
    }

    var targets: [Target]
    var imports: [Import]

    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    func target(_ name: String) -> Target? { targets.first { $0.name == name } }

    /// With a scratch path of its own: the usual one may be held by the command that runs these tests.
    static func load() async throws -> PackageDescription {
        let scratch = try TemporaryDirectory("describe")
        let result = try await ProcessRunner.run(
            ProcessCommand([
                "swift", "package", "--package-path", root, "--scratch-path", scratch.path, "describe", "--type",
                "json",
            ]))
        guard result.status.isSuccess else { throw DevloopError(.process, result.errorText) }
        let json = try JSONValue(parsing: result.stdout)
        let targets = (json["targets"]?.array ?? []).map { target in
            func strings(_ key: String) -> [String] { (target[key]?.array ?? []).compactMap(\.string) }
            return Target(
                name: target["name"]?.string ?? "", type: target["type"]?.string ?? "",
                path: target["path"]?.string ?? "", targets: Set(strings("target_dependencies")),
                products: Set(strings("product_dependencies")), sources: strings("sources"))
        }
        return PackageDescription(targets: targets, imports: try targets.flatMap(imports))
    }

    private static func imports(_ target: Target) throws -> [Import] {
        var found: [Import] = []
        for source in target.sources where source.hasSuffix(".swift") {
            let file = "\(target.path)/\(source)"
            for line in try TestFiles.read("\(root)/\(file)").split(separator: "\n") {
                guard let (access, module) = parse(String(line)) else { continue }
                found.append(Import(target: target.name, file: file, module: module, access: access))
            }
        }
        return found
    }

    /// Access and module of an import line; nil for other lines.
    static func parse(_ line: String) -> (access: String, module: String)? {
        var words = line.split(separator: " ").map(String.init)
        while let first = words.first, first.hasPrefix("@") { words.removeFirst() }
        var access = ""
        if let first = words.first, ["public", "package", "internal", "fileprivate", "private"].contains(first) {
            access = first == "internal" ? "" : first
            words.removeFirst()
        }
        guard words.first == "import", words.count >= 2 else { return nil }
        let kinds: Set = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
        let module = kinds.contains(words[1]) ? words.dropFirst(2).first : words[1]
        return module.map { (access, String($0.prefix { $0 != "." })) }
    }
}
