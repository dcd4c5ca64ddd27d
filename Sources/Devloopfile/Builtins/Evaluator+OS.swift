// SPDX-License-Identifier: Apache-2.0

import Plan
import Starlark

extension Evaluator {
    /// `os`: the environment, and paths as the spec sees them.
    func osModule() -> StarlarkModule {
        let functions = [
            define("getcwd") { evaluator, _ in .string(evaluator.currentDirectory) },
            define("getenv", "key", "default?") { evaluator, call in
                let value = evaluator.variable(try call.string("key"))
                return value.map(Value.string) ?? call.raw("default") ?? .none
            },
            define("putenv", "key", "value") { evaluator, call in
                let key = try call.string("key")
                evaluator.setVariable(key, try call.text("value") ?? "")
                return .none
            },
            define("unsetenv", "key") { evaluator, call in
                evaluator.setVariable(try call.string("key"), nil)
                return .none
            },
        ]
        var members: [String: Value] = [
            "name": .string("posix"), "environ": .foreign(EnvironmentValue(self)), "path": .object(pathModule()),
        ]
        for function in functions { members[function.name] = .object(function) }
        return StarlarkModule("os", members)
    }

    private func pathModule() -> StarlarkModule {
        let join = Builtin("join") { _, arguments in
            guard arguments.keywords.isEmpty, !arguments.positional.isEmpty else {
                throw StarlarkError("join: got no path to join, or a name that it does not take")
            }
            var result = ""
            for part in arguments.positional {
                guard let text = part.asString else {
                    throw StarlarkError("join: paths must be strings, got \(part.typeName)")
                }
                result = Paths.isAbsolute(text) || result.isEmpty ? text : result + "/" + text
            }
            return .string(result.isEmpty ? "" : Paths.clean(result))
        }
        let functions = [
            join,
            define("abspath", "path") { evaluator, call in
                .string(evaluator.absolute(try call.string("path")))
            },
            define("basename", "path") { _, call in .string(Paths.name(try call.string("path"))) },
            define("dirname", "path") { _, call in .string(Paths.directory(try call.string("path"))) },
            define("exists", "path") { evaluator, call in
                .bool(Files.kind(evaluator.absolute(try call.string("path"))) != nil)
            },
            define("realpath", "path") { evaluator, call in
                let path = evaluator.absolute(try call.string("path"))
                return .string(Files.realPath(path) ?? path)
            },
            define("relpath", "path", "start?") { evaluator, call in
                let path = evaluator.absolute(try call.string("path"))
                let start = evaluator.absolute(try call.string("start", default: "."))
                return .string(Paths.relative(path, to: start))
            },
        ]
        return StarlarkModule("path", Dictionary(functions.map { ($0.name, .object($0)) }) { first, _ in first })
    }

    /// `sys`: how devloop was called.
    func sysModule() -> StarlarkModule {
        let words = ["devloop", request.mode.rawValue] + request.arguments
        return StarlarkModule(
            "sys",
            [
                "argv": .list(words.map(Value.string)),
                "executable": .string(Files.realPath("/proc/self/exe") ?? "devloop"),
            ])
    }

    /// `shlex.quote`: one word for a shell, whatever the text holds.
    func shlexModule() -> StarlarkModule {
        let quote = define("quote", "s") { _, call in
            let text = try call.string("s")
            let isPlain = text.utf8.allSatisfy { byte in
                "@%+=:,./-_".utf8.contains(byte)
                    || Unicode.Scalar(byte).properties.isAlphabetic && byte < 0x80
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
            if isPlain, !text.isEmpty { return .string(text) }
            return .string("'" + text.replacing("'", with: "'\"'\"'") + "'")
        }
        return StarlarkModule("shlex", ["quote": .object(quote)])
    }
}
