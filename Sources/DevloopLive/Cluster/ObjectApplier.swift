// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import KubeClient
import LoopEngine
import Plan

/// Brings objects of one resource to the cluster, each for itself.
struct ObjectApplier: Sendable {
    let client: KubeClient
    let keeper: InventoryKeeper
    /// For objects that name none.
    let namespace: String
    /// For one object.
    let timeout: Duration
    let isForced: Bool
    let onEvent: @Sendable (ApplyNotice) -> Void

    enum Outcome: Sendable {
        /// As the server has it now.
        case there(JSONValue?)
        /// A Job that has ended well before, and of which nothing is there any more.
        case rests
    }

    /// An object on its way.
    private struct Subject {
        var object: ManifestObject
        var resource: APIResource
        var namespace: String
        /// Stands for what is applied, where it runs once; nil for what runs on.
        var mark: String?
        var entry: Inventory.Entry

        /// `deployments 'web' in 'shop'`.
        var text: String {
            "\(resource.plural) '\(object.name)'" + (resource.isNamespaced ? " in '\(namespace)'" : "")
        }
    }

    /// - Parameter mark: stands for a Job as it is rendered, which runs once for each; nil for other objects.
    /// - Throws: `DevloopError` at the place of the manifest, with the server's words and what they mean; told before.
    func apply(_ object: ManifestObject, as rendered: JSONValue, mark: String?) async throws -> Outcome {
        do {
            return try await bring(object, AppliedForm.make(rendered), mark)
        } catch let error as DevloopError {
            let located = Self.located(error, object)
            // Nothing is wrong with the object when the cluster cannot be reached, or somebody else is at work on it.
            if located.code != .clusterUnreachable, located.code != .sessionBusy {
                onEvent(.failed(object: object, error: located))
            }
            throw located
        }
    }

    private func bring(_ object: ManifestObject, _ json: JSONValue, _ mark: String?) async throws -> Outcome {
        let subject = Subject(
            object: object, resource: try await resource(of: object),
            namespace: object.namespace.isEmpty ? namespace : object.namespace, mark: mark,
            entry: Inventory.Entry(object, namespace: namespace))
        // What the user asked to run again is replaced once.
        var isForced = isForced
        var repeats = 0
        while true {
            try Task.checkCancellation()
            let before = try await live(subject)
            try await checkMaker(of: before)
            let wanted = Ownership.marked(json, before: before, owner: keeper.owner)
            var hasSucceeded = false
            if let mark { hasSucceeded = await keeper.hasSucceeded(subject.entry, mark: mark) }
            let action = ApplyAction.decide(
                wanted, before: before, isForced: isForced, hasSucceeded: hasSucceeded,
                manager: KubeClient.fieldManager)
            do {
                switch action {
                case .keep:
                    await follow(subject, wanted, before)
                    tell(object, "unchanged")
                    return .there(before)
                case .rest:
                    tell(object, "unchanged", reason: "it has ended well before, and was cleared away since")
                    return .rests
                case .waitForEnd:
                    onEvent(.remark("\(object.shortName) is still being deleted; it is made anew when it is gone"))
                    try await waitUntilGone(subject, uid: Self.uid(before))
                case .replace(let reason) where before.flatMap(Ownership.creator) == keeper.owner:
                    return .there(try await replace(subject, before, wanted, reason))
                case .create, .update, .replace:
                    if case .replace(let reason) = action {
                        onEvent(
                            .remark("\(object.shortName) is not made anew, since devloop did not make it: \(reason)"))
                    }
                    try await forgetSuccess(of: subject, hasSucceeded)
                    let after = try await client.apply(
                        wanted, namespace: namespace, force: Ownership.takesOver(wanted), deadline: timeout)
                    await follow(subject, wanted, after)
                    tell(object, Self.result(before, after))
                    return .there(after)
                }
            } catch  where error.kubeFailure != nil {
                if let failure = error.kubeFailure, Refusal(failure).isWorthRepeating, repeats < 20 {
                    repeats += 1
                    try await Task.sleep(for: .milliseconds(min(100 * repeats, 500)))
                } else if let before, let reason = try await changeIsImpossible(error, wanted) {
                    return .there(try await replaceIfOurs(subject, before, wanted, reason, error))
                } else {
                    throw error
                }
            }
            isForced = isForced && action == .waitForEnd
        }
    }

    private func tell(_ object: ManifestObject, _ result: String, reason: String? = nil) {
        onEvent(.applied(object: object.shortName, result: result, reason: reason))
    }

    private static func result(_ before: JSONValue?, _ after: JSONValue) -> String {
        guard let before else { return "created" }
        return before.at("metadata", "resourceVersion") == after.at("metadata", "resourceVersion")
            ? "unchanged" : "configured"
    }

    private static func uid(_ json: JSONValue?) -> String? { json?.at("metadata", "uid")?.string }

    private func live(_ subject: Subject) async throws -> JSONValue? {
        try await client.find(subject.resource, name: subject.object.name, namespace: subject.namespace)
    }

    /// - Throws: when the object is of another project, or of this one in another namespace, and somebody works there now.
    private func checkMaker(of before: JSONValue?) async throws {
        guard let maker = before.flatMap(Ownership.creator), maker != keeper.owner else { return }
        guard let holder = try await keeper.holder(of: maker) else { return }
        throw DevloopError(
            .sessionBusy,
            "it belongs to the project '\(maker.project)' in '\(maker.namespace)', which is in use: \(holder.text)",
            hint: "end that session, or use another namespace with -n")
    }

    // MARK: What cannot be changed

    /// Why an object has to be made anew: the server refuses the change, but would take it as a new one.
    private func changeIsImpossible(_ error: any Error, _ wanted: JSONValue) async throws -> String? {
        guard error.kubeFailure?.status == 422 else { return nil }
        do {
            _ = try await client.apply(
                ApplyAction.probe(wanted), namespace: namespace, dryRun: true, deadline: timeout)
        } catch  where error.kubeFailure != nil {
            return nil
        }
        return "a field that cannot be changed was changed: \(error.kubeFailure?.message ?? "")"
    }

    private func replaceIfOurs(
        _ subject: Subject, _ before: JSONValue, _ wanted: JSONValue, _ reason: String, _ error: any Error
    ) async throws -> JSONValue {
        let isOurs = Ownership.creator(of: before) == keeper.owner
        guard isOurs, ApplyAction.isReplaceable(wanted) else {
            guard var refused = error as? DevloopError else { throw error }
            refused.hint =
                isOurs
                ? "only a new object can have this, and this one keeps data: delete it yourself if that may go"
                : "only a new object can have this, and devloop did not make this one: delete it yourself"
            // The hint stands for the refusal's own.
            refused.cause = nil
            throw refused
        }
        return try await replace(subject, before, wanted, reason)
    }

    private func replace(
        _ subject: Subject, _ before: JSONValue?, _ wanted: JSONValue, _ reason: String
    ) async throws -> JSONValue {
        onEvent(.remark("\(subject.object.shortName) is deleted and made anew: \(reason)"))
        try await client.delete(subject.resource, name: subject.object.name, namespace: subject.namespace)
        try await waitUntilGone(subject, uid: Self.uid(before))
        try await forgetSuccess(of: subject, false)
        let after = try await client.apply(wanted, namespace: namespace, deadline: timeout)
        await follow(subject, wanted, after)
        tell(subject.object, "recreated", reason: reason)
        return after
    }

    // MARK: What runs once

    /// - Parameter isSame: what has ended well is what is applied now.
    private func forgetSuccess(of subject: Subject, _ isSame: Bool) async throws {
        if subject.mark != nil, !isSame || isForced { try await keeper.forgetSuccess(of: subject.entry) }
    }

    /// Sees to it that the end of a Job is remembered which the cluster clears away.
    private func follow(_ subject: Subject, _ wanted: JSONValue, _ live: JSONValue?) async {
        guard let mark = subject.mark, let live, let uid = Self.uid(live), ApplyAction.isCleared(wanted, live: live)
        else { return }
        await keeper.follow(job: uid, subject.entry, mark: mark)
        if WorkloadHealth.status(of: live, kind: "Job").verdict == .complete { await keeper.succeeded(job: uid) }
    }

    /// - Throws: `objectRefused` when it is there for longer than the timeout and its own grace period.
    private func waitUntilGone(_ subject: Subject, uid: String?) async throws {
        let grace = (try await live(subject))?.at("metadata", "deletionGracePeriodSeconds")?.int ?? 0
        // A namespace ends when all that is in it has.
        let patience = subject.object.kind == "Namespace" ? 90 : 0
        let deadline = ContinuousClock.now + timeout + .seconds(grace + patience)
        while let live = try await live(subject), Self.uid(live) == uid {
            guard ContinuousClock.now < deadline else {
                let finalizers = (live.at("metadata", "finalizers")?.array ?? []).compactMap(\.string)
                throw DevloopError(
                    .objectRefused, "\(subject.text) is being deleted and does not go",
                    hint: finalizers.isEmpty
                        ? "see what still uses it"
                        : "it waits for \(finalizers.joined(separator: ", ")): see what should do that")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    // MARK: Kinds

    /// A kind whose definition has just been taken is listed a moment later.
    private func resource(of object: ManifestObject) async throws -> APIResource {
        let isCustom = object.apiVersion.contains(".") && !object.apiVersion.contains(".k8s.io/")
        let deadline = ContinuousClock.now + .seconds(isCustom ? 3 : 0)
        while true {
            if let found = try await client.kind(of: object) { return found }
            guard ContinuousClock.now < deadline else {
                return try await client.resource(apiVersion: object.apiVersion, kind: object.kind)
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Waits until objects of a definition can be applied.
    func waitUntilEstablished(_ definition: ManifestObject) async throws {
        let resource = try await resource(of: definition)
        let deadline = ContinuousClock.now + timeout
        while true {
            let live = try await client.find(resource, name: definition.name, namespace: namespace)
            var words: String?
            switch live.map(DefinitionState.init) ?? .waiting {
            case .established: return
            case .waiting where ContinuousClock.now < deadline: break
            case .waiting: words = "the cluster does not serve its kind after \(timeout.milliseconds / 1000) s"
            case .refused(let message): words = "the cluster does not serve its kind: \(message)"
            }
            if let words {
                let error = DevloopError(.objectRefused, words, at: definition.location)
                onEvent(.failed(object: definition, error: error))
                throw error
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    // MARK: Errors

    /// The error at the place of the manifest, with what the server's answer means.
    private static func located(_ error: DevloopError, _ object: ManifestObject) -> DevloopError {
        var located = error
        if located.location == nil, located.code != .clusterUnreachable { located.location = object.location }
        guard let failure = error.kubeFailure else { return located }
        let refusal = Refusal(failure)
        switch refusal.kind {
        case .rights: located.code = .clusterRefused
        case .namespaceMissing: located.code = .namespaceMissing
        case .other where failure.status >= 500 || failure.status == 429 || failure.status == 401: return located
        default: located.code = .objectRefused
        }
        located.location = object.location
        // What the general words of the client add would send a person the wrong way.
        located.message = "\(object.shortName): \(failure.message)"
        located.hint = refusal.hint ?? error.hint
        return located
    }
}

extension Refusal {
    init(_ failure: KubeFailure) {
        self.init(
            status: failure.status, reason: failure.reason, causes: failure.causes, message: failure.message)
    }
}
