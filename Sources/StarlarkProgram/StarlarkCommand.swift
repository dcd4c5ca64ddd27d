// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Starlark

/// Runs a Starlark file, or reads statements at a prompt.
@main
struct StarlarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "starlark",
        abstract: "Run a Starlark file, or read statements at a prompt",
        discussion: """
            The dialect is that of Devloopfiles; its switches can be turned off and on. The modules json and struct are
            there, and `args` is the list of the arguments after the file. Without a file, statements are read from
            standard input: at a prompt when it is a terminal.

            Exit status: 0 when all went well, 1 when the program failed, 130 when it was interrupted.
            """)

    @Argument(help: "File to run", completion: .file())
    var file: String?

    @Argument(parsing: .captureForPassthrough, help: "Arguments of the program")
    var arguments: [String] = []

    @OptionGroup(title: "Dialect")
    var dialect: DialectOptions

    @Flag(help: "Predeclare the module math")
    var math = false

    @Flag(help: "Predeclare the module time")
    var time = false

    @Option(help: "Instructions after which a program is stopped")
    var steps: Int?

    @Flag(help: "Print the source anew instead of running it, without its comments")
    var print = false

    func validate() throws {
        if let steps, steps < 1 { throw ValidationError("--steps needs a number from 1") }
        if print && file == nil { throw ValidationError("--print needs a file") }
    }

    func run() throws {
        let host = Host(dialect: dialect.dialect, predeclared: predeclared, maxSteps: steps)
        let status = file.map { print ? host.print(file: $0) : host.run(file: $0) } ?? Prompt(host).run()
        if status != .ok { throw ExitCode(status.rawValue) }
    }

    private var predeclared: [String: Value] {
        var values: [String: Value] = [
            "json": .object(Starlark.jsonModule()), "struct": .object(StarlarkStruct.constructorFunction()),
            "args": .list(arguments.map { .string($0) }),
        ]
        if math { values["math"] = .object(Starlark.mathModule()) }
        if time { values["time"] = .object(Starlark.timeModule()) }
        return values
    }
}

/// The switches in which dialects differ.
struct DialectOptions: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: "The builtin set")
    var set = true

    @Flag(name: .customLong("while"), inversion: .prefixedNo, help: "The statement while")
    var whileLoops = true

    @Flag(inversion: .prefixedNo, help: "Functions that call themselves")
    var recursion = true

    @Flag(name: .customLong("globalreassign"), inversion: .prefixedNo, help: "Globals that are bound more than once")
    var globalReassign = true

    @Flag(name: .customLong("toplevelcontrol"), inversion: .prefixedNo, help: "if, for and while outside of functions")
    var topLevelControl = true

    @Flag(name: .customLong("loadbindsglobally"), inversion: .prefixedNo, help: "load binds globals of the file")
    var loadBindsGlobally = false

    var dialect: Dialect {
        Dialect(
            set: set, globalReassign: globalReassign, recursion: recursion, topLevelControl: topLevelControl,
            whileLoops: whileLoops, loadBindsGlobally: loadBindsGlobally)
    }
}

/// How the program ends.
enum Status: Int32 {
    case ok = 0
    case failed = 1
    case interrupted = 130
}
