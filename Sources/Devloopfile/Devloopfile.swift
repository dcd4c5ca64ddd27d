// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// Evaluates the session's spec: Starlark in, a plan out.
package enum Devloopfile {
    /// File names that are looked for, in this order.
    package static let names = ["Devloopfile", "Tiltfile"]

    /// Finds and evaluates the spec. Never throws: a failure comes with the files whose save is worth another try.
    ///
    /// Runs on a thread of its own; commands of the spec run as child processes. Cancelling the calling task ends it
    /// with an error of code `interrupted`.
    package static func evaluate(_ request: DevloopfileRequest) async -> Evaluation {
        let file: String
        switch find(request) {
        case .found(let path): file = path
        case .missing(let error, let candidates):
            var evaluation = Evaluation()
            evaluation.error = error
            evaluation.watchedFiles = candidates.keys.sorted()
            evaluation.stamps = candidates
            return evaluation
        }
        let control = EvaluationControl()
        return await withTaskCancellationHandler {
            await EvaluationThread.run { evaluate(request, file: file, control: control) }
        } onCancel: {
            control.cancel()
        }
    }

    private static func evaluate(
        _ request: DevloopfileRequest, file: String, control: EvaluationControl
    ) -> Evaluation {
        let evaluator = Evaluator(request, mainFile: file, control: control)
        var evaluation = Evaluation()
        evaluation.file = file
        do {
            evaluation.plan = try evaluator.plan()
        } catch let error as DevloopError where !control.isCancelled {
            evaluation.error = error
            evaluation.error?.excerpt = error.location.map { SourceExcerpt.lines(at: $0, in: request.directory) } ?? []
        } catch {
            evaluation.error = DevloopError(.interrupted, "the evaluation was cancelled", cause: error)
        }
        evaluation.watchedFiles = evaluator.state.watchedFiles
        evaluation.stamps = evaluator.state.stamps
        evaluation.output = evaluator.output
        evaluation.timings = evaluator.timings.rows
        return evaluation
    }

    private enum Search {
        case found(String)
        case missing(DevloopError, candidates: [String: FileStamp])
    }

    private static func find(_ request: DevloopfileRequest) -> Search {
        if let file = request.file {
            let path = Paths.resolve(file, in: request.directory)
            let stamp = FileStamp(of: path)
            if Files.kind(path) == .file || Files.kind(path) == .other { return .found(path) }
            let problem = Files.kind(path) == .directory ? "is a directory" : "no such file"
            return .missing(
                DevloopError(.spec, "\"\(file)\": \(problem)", hint: "create it, or name another one with -f"),
                candidates: [path: stamp])
        }
        let candidates = names.map { Paths.resolve($0, in: request.directory) }
        let stamps = Dictionary(uniqueKeysWithValues: candidates.map { ($0, FileStamp(of: $0)) })
        var directory = Paths.clean(request.directory)
        while true {
            for name in names {
                let path = Paths.resolve(name, in: directory)
                if Files.kind(path) == .file { return .found(path) }
            }
            if directory == "/" { break }
            directory = Paths.directory(directory)
        }
        return .missing(
            DevloopError(
                .spec, "there is no Devloopfile in \"\(request.directory)\" or above", hint: "create a Devloopfile"),
            candidates: stamps)
    }
}
