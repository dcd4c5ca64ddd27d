// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Starlark

extension Evaluator {
    func fileBuiltins() -> [Builtin] {
        [
            define("read_file", "file_path", "default?") { evaluator, call in
                let path = evaluator.absolute(try call.string("file_path"))
                if let fallback = call.value("default"), Files.kind(path) == nil {
                    guard let text = fallback.text else {
                        throw SpecFault("default must be a string, got \(fallback.typeName)")
                    }
                    evaluator.state.watch(path)
                    return .foreign(Blob(text, source: evaluator.display(path)))
                }
                let bytes = try evaluator.readWatched(path)
                return .foreign(Blob(String(decoding: bytes, as: UTF8.self), source: evaluator.display(path)))
            },
            define("watch_file", "file_path") { evaluator, call in
                evaluator.state.watch(evaluator.absolute(try call.string("file_path")))
                return .none
            },
            define("listdir", "directory", "recursive?") { evaluator, call in
                let path = evaluator.absolute(try call.string("directory"))
                let isRecursive = try call.bool("recursive") ?? false
                return .list(try evaluator.files(in: path, isRecursive: isRecursive).map(Value.string))
            },
            define("blob", "input") { _, call in
                guard let text = call.raw("input")?.text else {
                    throw SpecFault("input must be a string, got \(call.raw("input")?.typeName ?? "NoneType")")
                }
                return .foreign(Blob(text, source: call.location.map { "blob at \($0)" } ?? "blob"))
            },
            define("include", "path") { evaluator, call in
                _ = try evaluator.load(call.string("path"), on: call.thread)
                return .none
            },
            define("load_dynamic", "path") { evaluator, call in
                let globals = try evaluator.load(call.string("path"), on: call.thread)
                let members = globals.sorted { $0.key < $1.key }.map { (Value.string($0.key), $0.value) }
                let dict = Value.dict(members)
                dict.freeze()
                return dict
            },
            define("local_git_repo", "path") { evaluator, call in
                let path = evaluator.absolute(try call.string("path"))
                let git = Paths.resolve(".git", in: path)
                guard Files.kind(git) != nil else {
                    throw SpecFault("\"\(evaluator.display(path))\" is no Git repository")
                }
                return .foreign(GitRepositoryValue(path))
            },
        ]
    }

    /// Reads a file whose change evaluates again.
    func readWatched(_ path: String) throws -> [UInt8] {
        state.watch(path)
        do {
            return try Files.read(path)
        } catch {
            throw SpecFault(
                error.message.replacing("\"\(path)\"", with: "\"\(display(path))\""),
                hint: "paths are relative to \(display(currentDirectory))")
        }
    }

    /// Absolute paths of the files of a directory, in the order of a sorted walk; directories themselves are left out.
    private func files(in directory: String, isRecursive: Bool) throws -> [String] {
        state.watch(directory)
        let names: [String]
        do {
            names = try Files.names(in: directory)
        } catch {
            throw SpecFault(error.message.replacing("\"\(directory)\"", with: "\"\(display(directory))\""))
        }
        var result: [String] = []
        for name in names {
            let path = Paths.resolve(name, in: directory)
            if !Files.isRealDirectory(path) {
                result.append(path)
            } else if isRecursive {
                result += try files(in: path, isRecursive: true)
            }
        }
        return result
    }
}
