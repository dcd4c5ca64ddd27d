// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

/// `ext://`: extensions come from folders of this machine and from devloop itself, never from the network.
extension Evaluator {
    /// Variable with further folders, colons between them.
    private static let variableName = "DEVLOOP_EXTENSIONS"

    func extensionBuiltins() -> [Builtin] { [repositoryBuiltin()] }

    /// `extension_repo(name, url='file://...')`: a folder that has extensions.
    func repositoryBuiltin() -> Builtin {
        define(
            "extension_repo", "name?", "url", "ref?", "load_host?", "git_subpath?", "labels?", "annotations?"
        ) { evaluator, call in
            let url = try call.string("url")
            guard url.hasPrefix("file://") else {
                throw SpecFault(
                    "\"\(url)\" is no folder of this machine",
                    hint: "clone it, and name the clone: url='file:///path'; nothing is loaded from the network")
            }
            let folder = Paths.resolve(
                try call.string("git_subpath", default: ""),
                in: evaluator.absolute(String(url.dropFirst("file://".count))))
            guard Files.kind(folder) == .directory else {
                evaluator.state.watch(folder)
                throw SpecFault("extension folder \"\(evaluator.display(folder))\" does not exist")
            }
            let prefix = try call.string("load_host", default: "")
            evaluator.state.extensionFolders.append((prefix, folder))
            let name = try call.string("name", default: "")
            if !name.isEmpty { evaluator.state.extensionRepositories[name] = folder }
            return .none
        }
    }

    /// `v1alpha1.extension(name, repo_name, repo_path)`: gives one extension a name of its own.
    func extensionBuiltin() -> Builtin {
        define("extension", "name", "repo_name?", "repo_path?", "args?", "labels?", "annotations?") {
            evaluator, call in
            let name = try call.string("name")
            let repository = try call.string("repo_name", default: "default")
            let path = try call.string("repo_path", default: name)
            if let folder = evaluator.state.extensionRepositories[repository] {
                evaluator.state.namedExtensions[name] = Paths.resolve(path, in: folder)
            }
            return .none
        }
    }

    func loadExtension(_ name: String, on thread: Thread) throws -> [String: Value] {
        if let folder = state.namedExtensions[name] {
            return try execute(Paths.resolve("Tiltfile", in: folder), on: thread)
        }
        var folders = state.extensionFolders
        folders += (variable(Self.variableName) ?? "").split(separator: ":").map { ("", String($0)) }
        for (prefix, folder) in folders where prefix.isEmpty || name.hasPrefix(prefix + "/") {
            let rest = prefix.isEmpty ? name : String(name.dropFirst(prefix.count + 1))
            let path = Paths.resolve("\(rest)/Tiltfile", in: folder)
            state.watch(path)
            if Files.kind(path) == .file { return try execute(path, on: thread) }
        }
        if BundledExtensions.names.contains(name) {
            return try execute(BundledExtensions.path(of: name), on: thread)
        }
        throw SpecFault(
            "cannot load \"ext://\(name)\": devloop does not have this extension",
            hint: "put its folder into a directory that \(Self.variableName) names; devloop has "
                + BundledExtensions.names.joined(separator: ", "))
    }

    /// What the bundled extensions have beyond the builtins.
    func extensionModule() -> StarlarkModule {
        let functions = [
            define("base64", "text") { _, call in
                .string(Base64.encode(Array((try call.text("text") ?? "").utf8)))
            },
            define("base64_file", "path") { evaluator, call in
                let path = evaluator.absolute(try call.string("path"))
                return .string(Base64.encode(try evaluator.readWatched(path)))
            },
            define("is_text_file", "path") { evaluator, call in
                let bytes = try evaluator.readWatched(evaluator.absolute(try call.string("path")))
                return .bool(String(validating: bytes, as: UTF8.self) != nil)
            },
            define("sources", "from_file") { evaluator, call in
                let sources = try call.strings("from_file").flatMap(evaluator.generatorSources)
                return .list(sources.map { .tuple([.string($0.key), .string($0.path)]) })
            },
            define("env_file", "path") { evaluator, call in
                let text = try evaluator.readWatched(evaluator.absolute(call.string("path")))
                return .dict(
                    evaluator.variables(inFile: String(decoding: text, as: UTF8.self)).map {
                        (.string($0.name), .string($0.value))
                    })
            },
            define("button", "name", "resource?", "text?", "argv", "env?", "dir?") { evaluator, call in
                try evaluator.addButton(call)
                return .none
            },
        ]
        return StarlarkModule("devloop", Dictionary(functions.map { ($0.name, .object($0)) }) { $1 })
    }

    /// What `--from-file` of kubectl takes from `path`, `key=path` or a folder: keys and absolute paths.
    private func generatorSources(_ source: String) throws -> [(key: String, path: String)] {
        let parts = source.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let path = absolute(parts.last ?? source)
        guard Files.kind(path) == .directory else { return [(parts.count > 1 ? parts[0] : Paths.name(path), path)] }
        state.watch(path)
        return try Files.names(in: path).filter { Files.kind("\(path)/\($0)") == .file }
            .map { ($0, "\(path)/\($0)") }
    }

    /// What `--from-env-file` of kubectl takes: a name without a value has that of the environment.
    private func variables(inFile text: String) -> [(name: String, value: String)] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let body = line.drop(while: \.isWhitespace)
            guard !body.isEmpty, body.first != "#" else { return nil }
            let parts = body.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : variable(parts[0]) ?? "")
        }
    }

    private func addButton(_ call: BuiltinCall) throws {
        let name = try call.string("name")
        let command = try command(
            call.raw("argv"), "argv", environment: call.dictionary("env"),
            directory: call.value("dir") ?? .string(Paths.directory(mainFile)))
        guard let command else { throw SpecFault("argv is empty") }
        guard !state.settings.buttons.contains(where: { $0.name == name }) else {
            throw SpecFault("button \"\(name)\" is there already")
        }
        let resource = try call.string("resource", default: "")
        state.settings.buttons.append(
            Button(
                name: name, resource: resource.isEmpty ? nil : resource,
                text: try call.string("text", default: name), command: command))
    }
}
