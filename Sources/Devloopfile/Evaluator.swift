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
    }

    /// Directory that relative paths of the spec start from.
    var currentDirectory: String { Paths.directory(executing.last ?? mainFile) }

    /// A path of the spec as an absolute one.
    func absolute(_ path: String) -> String { Paths.resolve(path, in: currentDirectory) }

    /// A path as messages show it.
    func display(_ path: String) -> String { Paths.display(path, from: request.directory) }

    /// The value of an environment variable as the spec sees it.
    func variable(_ name: String) -> String? { state.environment[name] ?? ProcessEnvironment.value(name) }

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
        var assembler = ResourceAssembler(state)
        return try assembler.plan()
    }

    /// The globals of a file, run now unless it has run before.
    func execute(_ path: String, on thread: Thread) throws -> [String: Value] {
        switch files[path] {
        case .loaded(let globals): return globals
        case .failed(let error): throw error
        case nil: break
        }
        if executing.contains(path) { throw SpecFault("circular load: \(display(path))") }
        state.watch(path)
        do {
            let source = try Files.read(path)
            executing.append(path)
            defer { executing.removeLast() }
            var names = predeclared
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

    private func load(_ module: String, on thread: Thread) throws -> [String: Value] {
        if module.contains("://") {
            throw SpecFault(
                "cannot load \"\(module)\": extensions are not available in this version",
                hint: "copy the extension beside the spec and load it by its path")
        }
        let path = absolute(module)
        // As Tilt does for a directory that holds an extension.
        let file = Files.kind(path) == .directory ? Paths.resolve("Tiltfile", in: path) : path
        return try execute(file, on: thread)
    }

    private func makePredeclared() -> [String: Value] {
        var names: [String: Value] = [
            "TRIGGER_MODE_AUTO": .foreign(TriggerModeValue(.auto)),
            "TRIGGER_MODE_MANUAL": .foreign(TriggerModeValue(.manual)),
            "struct": .object(StarlarkStruct.constructorFunction()),
            "os": .object(osModule()),
            "config": .object(configModule()),
            "shlex": .object(shlexModule()),
        ]
        let builtins =
            kubernetesBuiltins() + imageBuiltins() + liveUpdateBuiltins() + localBuiltins() + fileBuiltins()
            + sessionBuiltins() + dataBuiltins()
        for builtin in builtins { names[builtin.name] = .object(builtin) }
        return names
    }
}
