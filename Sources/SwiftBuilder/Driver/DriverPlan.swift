// SPDX-License-Identifier: Apache-2.0

/// What the driver can run by itself, taken from SwiftPM's plan: the compilation of each Swift module of the workspace
/// and the link of each program, with what uses what.
struct DriverPlan: Sendable, Equatable {
    /// One run of the compiler.
    struct Module: Sendable, Equatable {
        /// Name of the command in SwiftPM's plan; unique.
        var command: String
        /// `-module-name`.
        var name: String
        var arguments: [String]
        /// Absolute paths of Swift files.
        var sources: Set<String>
        /// Absolute path of the `.swiftmodule`, which importers read.
        var interface: String
        var objects: [String]
        /// Commands of the workspace's modules that it imports itself.
        var imports: Set<String>
        /// 0 for modules that import none of these; else one more than the highest of its imports.
        var level = 0
        /// Why the driver cannot run it; nil when it can.
        var refusal: String?
    }

    /// One program.
    struct Program: Sendable, Equatable {
        /// Absolute path of the executable that SwiftPM links.
        var path: String
        /// Of SwiftPM's link.
        var arguments: [String]
        /// Those without the wrapped module files, which only a debugger reads.
        var objects: [String]
    }

    private(set) var modules: [String: Module] = [:]
    /// By product.
    private(set) var programs: [String: Program] = [:]
    /// Command of the module that a source belongs to.
    private(set) var moduleOfSource: [String: String] = [:]

    /// - Parameter sources: Swift sources of the packages that are edited; other modules are left to SwiftPM.
    init(_ manifest: BuildManifest, sources: Set<String>) {
        let commands = Array(manifest.commands.values)
        let wraps = Set(commands.filter { $0.argumentText.contains("\"-modulewrap\"") }.flatMap(\.outputs))
        for command in commands where command.tool == "shell" {
            if command.name.hasSuffix(".module"), let module = Self.module(command, among: sources) {
                modules[module.command] = module
            } else if command.name.hasSuffix(".exe"), let path = command.outputs.first {
                let objects = command.inputs.filter { $0.hasSuffix(".o") && !wraps.contains($0) }
                programs[Self.fileName(path)] = Program(path: path, arguments: command.arguments, objects: objects)
            }
        }
        connect()
        for module in modules.values {
            for source in module.sources { moduleOfSource[source] = module.command }
        }
        let users = Users(commands, of: modules)
        for module in modules.values { modules[module.command]?.refusal = users.refusal(module) }
    }

    /// All modules that import this one, directly or through others.
    func dependents(of command: String) -> Set<String> {
        var found: Set<String> = []
        var open = [command]
        while let next = open.popLast() {
            for module in modules.values where module.imports.contains(next) && found.insert(module.command).inserted {
                open.append(module.command)
            }
        }
        return found
    }

    /// The interfaces of all modules that this one imports, directly or through others.
    func interfaces(importedBy command: String) -> Set<String> {
        var found: Set<String> = []
        var open = modules[command]?.imports ?? []
        while let next = open.popFirst() {
            guard let module = modules[next], found.insert(module.interface).inserted else { continue }
            open.formUnion(module.imports)
        }
        return found
    }

    private static func module(_ command: BuildManifest.Command, among sources: Set<String>) -> Module? {
        let own = command.inputs.filter { $0.hasSuffix(".swift") && sources.contains($0) }
        guard !own.isEmpty, let interface = command.outputs.first(where: { $0.hasSuffix(".swiftmodule") }) else {
            return nil
        }
        let arguments = command.arguments
        guard let flag = arguments.firstIndex(of: "-module-name"), flag + 1 < arguments.count,
            arguments.contains("-incremental"), arguments.contains("-parseable-output")
        else { return nil }
        return Module(
            command: command.name, name: arguments[flag + 1], arguments: arguments, sources: Set(own),
            interface: interface, objects: command.outputs.filter { $0.hasSuffix(".o") },
            imports: Set(command.inputs.filter { $0.hasSuffix(".swiftmodule") }))
    }

    /// Turns the interfaces that modules read into the commands that make them, and counts the levels.
    private mutating func connect() {
        let makers = modules.values.reduce(into: [String: String]()) { $0[$1.interface] = $1.command }
        for (command, module) in modules {
            modules[command]?.imports = Set(module.imports.compactMap { makers[$0] }).subtracting([command])
        }
        // Each round settles one level at least; SwiftPM refuses cycles.
        for _ in modules {
            for (command, module) in modules {
                let highest = module.imports.compactMap { modules[$0]?.level }.max()
                modules[command]?.level = (highest ?? -1) + 1
            }
        }
    }

    static func fileName(_ path: String) -> String {
        String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
    }
}

/// Who uses what a module makes.
private struct Users {
    private var byInput: [String: [BuildManifest.Command]] = [:]
    private let commands: [BuildManifest.Command]
    private let moduleCommands: Set<String>

    init(_ commands: [BuildManifest.Command], of modules: [String: DriverPlan.Module]) {
        self.commands = commands
        moduleCommands = Set(modules.keys)
        for command in commands { for input in command.inputs { byInput[input, default: []].append(command) } }
    }

    /// Something that the driver would have to run, and does not, when the module changes.
    func refusal(_ module: DriverPlan.Module) -> String? {
        for source in module.sources {
            for user in byInput[source] ?? [] where user.name != module.command && !isFileList(user) {
                return "\(DriverPlan.fileName(source)) is also read by '\(user.name)'"
            }
        }
        let headers = "/\(module.name).build/include"
        if commands.contains(where: { $0.tool == "clang" && $0.argumentText.contains(headers) }) {
            return "C sources include the header of module \(module.name)"
        }
        for output in module.objects + [module.interface] {
            for user in byInput[output] ?? [] {
                if moduleCommands.contains(user.name) || isFileList(user) || user.tool == "phony" { continue }
                if user.argumentText.contains("\"-modulewrap\"") { continue }
                guard user.name.hasSuffix(".exe") else { return "'\(user.name)' uses module \(module.name)" }
                for program in user.outputs {
                    for next in byInput[program] ?? [] where next.tool != "phony" {
                        return "\(DriverPlan.fileName(program)) is a tool that the build itself runs"
                    }
                }
            }
        }
        return nil
    }

    /// The lists of sources and objects: they change with names, not with contents.
    private func isFileList(_ command: BuildManifest.Command) -> Bool { command.tool == "write-auxiliary-file" }
}
