// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// Work that writes its own inputs is named, and not done again for that.
extension Session {
    /// Takes out of what a save asks for whatever would only feed a loop, and tells so.
    /// - Returns: whether the spec is not to be evaluated again.
    func stopLoops(_ outcome: inout Decider.Outcome, _ changes: FileChanges, decider: Decider) async -> Bool {
        let noticed = changes.closed - changes.settle
        func write(_ paths: [String]) -> LoopDetector.Write {
            .init(paths: Set(paths), earliest: noticed - .milliseconds(changes.watch), latest: noticed)
        }
        for (package, products) in outcome.builds {
            var paths = decider.relevant(changes.paths, to: package)
            // Which of them are its inputs only the builder knows; asked where it matters.
            if loops.mayBeRound(write(paths)) {
                var inputs: [String] = []
                for path in paths.prefix(100)
                where (try? await ports.build.products(of: package, affectedBy: [path]))?.isEmpty == false {
                    inputs.append(path)
                }
                paths = inputs
            }
            let names = names(of: BuildWork(package: package, products: products, changedFiles: []))
            guard isStopped(.package(package), write(paths), "the build of \(shown(package))", for: names) else {
                continue
            }
            outcome.builds[package] = nil
            outcome.replace(.build, of: Set(names))
        }
        for ref in outcome.images.sorted() {
            guard let image = plan?.image(ref),
                isStopped(
                    .image(ref), write(LiveChanges.inputs(changes.paths, of: image)), "the build of \(ref)",
                    for: users(of: ref))
            else { continue }
            outcome.images.remove(ref)
            outcome.replace(.image, of: Set(users(of: ref)))
        }
        for name in outcome.runs {
            guard let resource = resources[name]?.resource,
                isStopped(
                    .resource(name), write(decider.inputs(of: resource, among: changes.paths)),
                    "the command of \(name)", for: [name])
            else { continue }
            outcome.runs.removeAll { $0 == name }
            outcome.replace(resource.local == nil ? .apply : .run, of: [name])
        }
        guard outcome.reloads else { return false }
        let files = decider.plan.watchedFiles
        let paths = changes.paths.filter { path in files.contains { Decider.covers($0, path) } }
        // A file that says what is ignored is none of them.
        return isStopped(.spec, write(paths), "the Devloopfile", for: [])
    }

    /// Whether a change is one that the work itself has led to, over and over.
    private func isStopped(
        _ work: LoopDetector.Work, _ write: LoopDetector.Write, _ what: String, for names: [String]
    ) -> Bool {
        guard !write.paths.isEmpty else { return false }
        switch loops.asked(work, because: write) {
        case .goes: return false
        case .isStopped: return true
        case .stops(let loop):
            let others = loop.writers.contains(work) ? [] : loop.writers.map(described)
            let how =
                others.isEmpty
                ? "writes \(shown(loop.file)), one of its own inputs, each time"
                : "is started by \(shown(loop.file)), which \(others.joined(separator: " and ")) writes because of it"
            journal.record(
                .watchWarned, resource: names.first,
                [
                    "message": .string("\(what) \(how): stopped after \(loop.rounds) rounds"),
                    "hint": .string(
                        "write it elsewhere, only when its content is another one, or ignore it; "
                            + "saving something else or a trigger goes on"),
                ])
            return true
        }
    }

    private func described(_ work: LoopDetector.Work) -> String {
        switch work {
        case .resource(let name): "the command of \(name)"
        case .image(let ref): "the build of \(ref)"
        case .package(let path): "the build of \(shown(path))"
        case .spec: "the Devloopfile"
        }
    }

    /// Whether a resource's own command is done again when files change.
    func runsCommand(_ name: String) -> Bool {
        guard let resource = resources[name]?.resource else { return false }
        return resource.local != nil || resource.kubernetes?.customDeploy != nil
    }

    /// The user wants a resource updated, whatever was before.
    func forgetLoops(of name: String) {
        loops.forget(.resource(name))
        for ref in resources[name]?.resource.kubernetes?.images ?? [] {
            loops.forget(.image(ref))
            if let package = images[ref]?.image.swift?.package { loops.forget(.package(package)) }
        }
    }
}

extension Decider.Outcome {
    /// What was decided for these is not done.
    fileprivate mutating func replace(_ action: Decider.Action, of names: Set<String>) {
        for index in decisions.indices where names.contains(decisions[index].resource) {
            guard decisions[index].action == action else { continue }
            decisions[index].action = .nothing
            decisions[index].reason += ", and is written by its own work over and over"
        }
    }
}
