// SPDX-License-Identifier: Apache-2.0

import Glibc
import Starlark

/// What a program sees of the outside: files to load, output, and the end that the user asks for.
final class Host {
    let dialect: Dialect
    let predeclared: [String: Value]
    let thread: Thread
    /// Files by path: what they bound, the error that they ended with, or that they are being run.
    private var files: [String: Loaded] = [:]

    private enum Loaded {
        case running
        case done(Result<[String: Value], any Error>)
    }

    init(dialect: Dialect, predeclared: [String: Value], maxSteps: Int?) {
        self.dialect = dialect
        self.predeclared = predeclared
        thread = Thread(print: { _, line in Swift.print(line) })
        thread.maxSteps = maxSteps
        thread.cancelled = { Interrupt.happened }
        thread.load = { [unowned self] thread, module in try load(module, from: thread) }
    }

    deinit {
        thread.close()
    }

    /// Runs the file of the command line, and tells of errors.
    func run(file path: String) -> Status {
        Interrupt.catchSignal()
        return report { _ = try execute(path) }
    }

    /// Prints the source of a file in one layout.
    func print(file path: String) -> Status {
        report {
            let printed = try Starlark.printed(file: path, source: try SourceFile.read(path))
            Output.write(String(decoding: printed, as: UTF8.self))
        }
    }

    /// Runs something and tells of the error that it ends with.
    func report(_ body: () throws -> Void) -> Status {
        do {
            try body()
            return .ok
        } catch let error as EvalError {
            if error.innermost.cause is CancellationError {
                Self.complain("starlark: interrupted")
                return .interrupted
            }
            Self.complain(error.backtrace())
        } catch {
            Self.complain(String(describing: error))
        }
        return .failed
    }

    /// Writes a line to standard error, after what the program has printed.
    static func complain(_ text: String) {
        Output.write(text + "\n", to: STDERR_FILENO)
    }

    private func execute(_ path: String) throws -> [String: Value] {
        switch files[path] {
        case .running: throw StarlarkError("cycle in load graph")
        case .done(let result): return try result.get()
        case nil: break
        }
        files[path] = .running
        let result = Result {
            try Starlark.execute(
                file: path, source: try SourceFile.read(path), dialect: dialect, predeclared: predeclared,
                thread: thread)
        }
        files[path] = .done(result)
        return try result.get()
    }

    /// `load`: the path is relative to the folder of the file that says so.
    private func load(_ module: String, from thread: Thread) throws -> [String: Value] {
        let file = thread.callStack.last { $0.position.file != Position.builtinFile }?.position.file ?? ""
        guard !module.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return try execute(module) }
        return try execute(file[...slash] + module)
    }
}

/// Reads whole files.
enum SourceFile {
    static func read(_ path: String) throws -> [UInt8] {
        guard let stream = fopen(path, "rb") else { throw StarlarkError("\(path): \(reason)") }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, stream)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        guard ferror(stream) == 0 else { throw StarlarkError("\(path): \(reason)") }
        return bytes
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
