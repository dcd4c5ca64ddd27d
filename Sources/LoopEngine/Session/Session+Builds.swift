// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension Session {
    /// Queues a build; a running one that the change makes worthless is cancelled (design D14).
    func requestBuild(_ work: BuildWork, saves: Set<Int>) {
        var state = packages[work.package] ?? PackageState()
        let supersedes = state.add(work, saves: saves)
        packages[work.package] = state
        if supersedes { state.task?.cancel() }
        startBuild(work.package)
    }

    private func startBuild(_ package: String) {
        guard end == nil, var state = packages[package], let work = state.next() else { return }
        state.taskNumber += 1
        let number = state.taskNumber
        let concerned = names(of: work)
        for name in concerned { set(.building, for: name) }
        loops.began(.package(package), at: now)
        let journal = journal
        let save = state.runningSaves.max()
        let resource = concerned.count == 1 ? concerned.first : nil
        let products = work.products.sorted()
        let start = now
        let build = ports.build
        state.task = spawn { session in
            let result: Result<BuildEnd, any Error>
            do {
                result = .success(
                    try await build.build(work) { notice in
                        Self.record(
                            notice, in: journal, save: save, resource: resource, package: package, products: products)
                    })
            } catch {
                result = .failure(error)
            }
            await session.buildEnded(work, number: number, result: result, start: start)
        }
        packages[package] = state
    }

    /// Resources that run a product of a build, in order.
    func names(of work: BuildWork) -> [String] {
        let refs = images.values
            .filter { $0.image.swift?.package == work.package && work.products.contains($0.product) }
            .map(\.image.ref)
        return order.filter { name in
            (resources[name]?.resource.kubernetes?.images ?? []).contains { refs.contains($0) }
        }
    }

    package static func record(
        _ notice: BuildNotice, in journal: Journal, save: Int?, resource: String?, package: String, products: [String]
    ) {
        switch notice {
        case .started(let command, let reason):
            var fields: JSONObject = [
                "package": .string(package), "products": .array(products.map { .string($0) }),
                "command": .string(command),
            ]
            if let reason { fields["reason"] = .string(reason) }
            journal.record(.buildStarted, save: save, resource: resource, fields)
        case .progressed(let done, let total, let step):
            journal.record(
                .buildProgressed, save: save, resource: resource,
                [
                    "products": .array(products.map { .string($0) }), "done": .int(done), "of": .int(total),
                    "step": .string(step),
                ])
        case .diagnosed(let diagnostic):
            journal.record(
                .buildDiagnosed, save: save, resource: resource,
                [
                    "products": .array(products.map { .string($0) }),
                    "severity": .string(diagnostic.severity), "file": .string(diagnostic.location.file),
                    "line": .int(diagnostic.location.line ?? 0), "column": .int(diagnostic.location.column ?? 0),
                    "message": .string(diagnostic.message),
                ])
        case .held(let reason):
            journal.record(.resourceHeld, save: save, resource: resource, ["reason": .string(reason)])
        }
    }

    private func buildEnded(
        _ work: BuildWork, number: Int, result: Result<BuildEnd, any Error>, start: ContinuousClock.Instant
    ) {
        guard end == nil, var state = packages[work.package], state.taskNumber == number else { return }
        loops.ended(.package(work.package), at: now)
        let ids = state.runningSaves
        let concerned = names(of: work)
        state.running = nil
        state.runningSaves = []
        state.task = nil
        let wasSuperseded = state.pending.map { !$0.products.isDisjoint(with: work.products) } ?? false
        var fields: JSONObject = [
            "products": .array(work.products.sorted().map { .string($0) }),
            "duration": .int((now - start).milliseconds),
        ]
        let resource = concerned.count == 1 ? concerned.first : nil
        switch result {
        case .success(.succeeded(let artifacts, let stages)):
            state.failure = nil
            state.failedSaves = []
            packages[work.package] = state
            fields["result"] = "succeeded"
            fields["errors"] = 0
            journal.record(.buildFinished, save: ids.max(), resource: resource, fields)
            for id in ids {
                for (stage, milliseconds) in stages { saves[id]?.note(stage, milliseconds) }
            }
            take(artifacts, from: work)
        case .success(.failed(let diagnostics, let output)):
            let errors = diagnostics.filter { $0.severity == "error" }
            let first = errors.first.map { "\(shown($0.location.description)): \($0.message)" }
            state.failure = first ?? "the build failed"
            state.failedSaves.formUnion(ids)
            packages[work.package] = state
            fields["result"] = "failed"
            fields["errors"] = .int(errors.count)
            if errors.isEmpty { fields["output"] = .string(output) }
            journal.record(.buildFinished, save: ids.max(), resource: resource, fields)
            fail(concerned, first ?? output.split(separator: "\n").last.map(String.init) ?? "the build failed")
        case .failure(let error):
            packages[work.package] = state
            if wasSuperseded || error is CancellationError {
                fields["result"] = "superseded"
                journal.record(.buildFinished, save: ids.max(), resource: resource, fields)
            } else {
                packages[work.package]?.failure = Self.text(error)
                packages[work.package]?.failedSaves.formUnion(ids)
                fields["result"] = "failed"
                fields["output"] = .string((error as? DevloopError)?.report ?? "\(error)")
                journal.record(.buildFinished, save: ids.max(), resource: resource, fields)
                fail(concerned, Self.text(error))
            }
        }
        startBuild(work.package)
    }

    private func fail(_ names: [String], _ reason: String) {
        for name in names { set(.failed(reason, hint: "save a mended file"), for: name) }
    }

    /// New executables: each resource that runs one is synced or deployed; equal bytes ask for nothing.
    private func take(_ artifacts: [String: Artifact], from work: BuildWork) {
        for (ref, image) in images where image.image.swift?.package == work.package {
            guard let artifact = artifacts[image.product] else { continue }
            let isNew = image.artifact != artifact
            images[ref]?.artifact = artifact
            if isNew, image.isLive, !isOneShot, image.artifact != nil {
                publish(ref, decided: false)
            } else {
                for name in users(of: ref) where work.products.contains(image.product) {
                    if !isNew, let state = resources[name], !state.needsDeploy {
                        journal.record(
                            .decisionMade, save: state.saves.max(), resource: name,
                            ["action": "nothing", "reason": "the new executable has the same bytes"])
                        resources[name]?.saves = []
                    }
                    if isNew { resources[name]?.needsDeploy = true }
                    refresh(name)
                    advance(name)
                }
            }
        }
        settleSavesWithoutWork()
    }
}
