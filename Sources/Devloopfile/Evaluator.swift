// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import ProcessRunner
import Starlark

/// One evaluation: runs the spec and the files that it loads, and keeps what the builtins collect.
///
/// Lives on one thread. Builtins refer to it without owning it; it outlives every value of the evaluation.
final class Evaluator {
    let request: DevloopfileRequest
    /// Absolute path of the spec.
    let mainFile: String
    let control: EvaluationControl
    var state = SpecState()
    var output: [String] = []
    var timings: BuiltinTimings
    /// Parameters of the builtins that were made.
    var signatures: [String: [String]] = [:]
    /// Ends early with a thrown `CancellationError`; the clock of time-outs.
    let sleep: @Sendable (Duration) async throws -> Void
    /// Settings that the spec takes from outside.
    var arguments = SpecArguments()
    /// Absolute paths of the files whose top level is running, the innermost last. Relative paths follow the innermost,
    /// whichever file the running function was written in.
    private var executing: [String] = []
    private enum Outcome {
        case loaded([String: Value])
        case failed(any Error)
    }
    /// Every file runs once, also when it fails.
    private var files: [String: Outcome] = [:]
    private lazy var predeclared = makePredeclared()

    init(_ request: DevloopfileRequest, mainFile: String, control: EvaluationControl) {
        self.request = request
        self.mainFile = mainFile
        self.control = control
        timings = BuiltinTimings(now: request.clock.now)
        sleep = request.clock.sleep
    }

    /// Directory that relative paths of the spec start from.
    var currentDirectory: String {
        Paths.directory(executing.last { BundledExtensions.source(of: $0) == nil } ?? mainFile)
    }

    /// A path of the spec as an absolute one.
    func absolute(_ path: String) -> String { Paths.resolve(path, in: currentDirectory) }

    /// A path as messages show it.
    func display(_ path: String) -> String { Paths.display(path, from: request.directory) }

    /// The value of an environment variable as the spec sees it.
    func variable(_ name: String) -> String? {
        state.environment[name] ?? (state.unset.contains(name) ? nil : ProcessEnvironment.value(name))
    }

    /// All environment variables as the spec sees them.
    var variables: [String: String] {
        ProcessEnvironment.current.filter { !state.unset.contains($0.key) }.merging(state.environment) { $1 }
    }

    /// Sets a variable for the spec and its commands; nil removes it.
    func setVariable(_ name: String, _ value: String?) {
        state.environment[name] = value
        if value == nil { state.unset.insert(name) } else { state.unset.remove(name) }
    }

    /// Evaluates the spec and assembles the plan.
    /// - Throws: `DevloopError`, or `CancellationError` when the evaluation was cancelled.
    func plan() throws -> Plan {
        let thread = Thread(
            print: { [unowned self] _, text in output.append(text) },
            loader: { [unowned self] thread, module in try load(module, on: thread) })
        thread.cancelled = { [control] in control.isCancelled }
        // Functions and the globals of their files refer to each other.
        defer { thread.close() }
        do {
            _ = try execute(mainFile, on: thread)
            try checkArguments()
        } catch {
            if let fault = convert(error) { throw fault }
        }
        if control.isCancelled { throw CancellationError() }
        do {
            var assembler = ResourceAssembler(state, display: display) { [unowned self] function, objects, location in
                try names(of: objects, by: function, at: location, on: thread)
            }
            return try assembler.plan()
        } catch {
            throw convert(error) ?? DevloopError(.spec, "exit() in a function of the spec", cause: error)
        }
    }

    /// The globals of a file, run now unless it has run before.
    func execute(_ path: String, on thread: Thread) throws -> [String: Value] {
        switch files[path] {
        case .loaded(let globals): return globals
        case .failed(let error): throw error
        case nil: break
        }
        if executing.contains(path) { throw SpecFault("circular load: \(display(path))") }
        let bundled = BundledExtensions.source(of: path)
        if bundled == nil { state.watch(path) }
        do {
            let source = try bundled.map { Array($0.utf8) } ?? Files.read(path)
            executing.append(path)
            defer { executing.removeLast() }
            var names = predeclared
            if bundled != nil { names["devloop"] = .object(extensionModule()) }
            names["__file__"] = .string(path)
            names["__name__"] = .string(path == mainFile ? "__main__" : Paths.name(path))
            let globals = try Starlark.execute(
                file: path, source: source, dialect: .tilt, predeclared: names, thread: thread)
            files[path] = .loaded(globals)
            return globals
        } catch let error as DevloopError where error.code == .file {
            let fault = SpecFault("cannot load \"\(display(path))\": no such file, or it cannot be read")
            files[path] = .failed(fault)
            throw fault
        } catch {
            files[path] = .failed(error)
            throw error
        }
    }

    /// The globals of the file that a path or an extension's name leads to.
    func load(_ module: String, on thread: Thread) throws -> [String: Value] {
        if let scheme = module.firstRange(of: "://") {
            guard module[..<scheme.lowerBound] == "ext" else {
                throw SpecFault(
                    "cannot load \"\(module)\": there are no modules of this kind",
                    hint: "load a file by its path, or an extension by ext://NAME")
            }
            return try loadExtension(String(module[scheme.upperBound...]), on: thread)
        }
        let path = absolute(module)
        // As Tilt does for a directory that holds an extension.
        let file = Files.kind(path) == .directory ? Paths.resolve("Tiltfile", in: path) : path
        return try execute(file, on: thread)
    }

    /// The names that the spec's own function gives to workloads.
    private func names(
        of objects: [ManifestObject], by function: Value, at location: SourceLocation?, on thread: Thread
    ) throws -> [String] {
        try objects.map { object in
            let identity = ObjectIdentity(object)
            let id = StarlarkStruct([
                (name: "name", value: .string(identity.name)), (name: "kind", value: .string(identity.kind)),
                (name: "namespace", value: .string(identity.namespace)),
                (name: "group", value: .string(identity.group)),
            ])
            let result = try thread.call(function, Arguments(positional: [.object(id)]))
            guard let name = result.asString, !name.isEmpty else {
                throw DevloopError(
                    .spec,
                    "workload_to_resource_function: the function must return a name for \(identity.fullName), "
                        + "got \(result.repr())", at: location)
            }
            return name
        }
    }

    /// Makes the builtins, for those who ask what there is.
    func makeBuiltins() { _ = predeclared }

    private func makePredeclared() -> [String: Value] {
        var names: [String: Value] = [
            "TRIGGER_MODE_AUTO": .foreign(TriggerModeValue(.auto)),
            "TRIGGER_MODE_MANUAL": .foreign(TriggerModeValue(.manual)),
            "struct": .object(StarlarkStruct.constructorFunction()),
            "module": .object(Self.moduleConstructor()),
            "os": .object(osModule()),
            "sys": .object(sysModule()),
            "config": .object(configModule()),
            "shlex": .object(shlexModule()),
            "json": .object(Starlark.jsonModule()),
            "v1alpha1": .foreign(SessionObjects(self)),
        ]
        let builtins =
            kubernetesBuiltins() + workloadBuiltins() + imageBuiltins() + liveUpdateBuiltins() + localBuiltins()
            + fileBuiltins() + sessionBuiltins() + settingsBuiltins() + dataBuiltins() + probeBuiltins()
            + renderBuiltins() + packageBuiltins() + extensionBuiltins() + housekeepingBuiltins() + refusedBuiltins()
        for builtin in builtins { names[builtin.name] = .object(builtin) }
        return names
    }
}
