// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// Containers that devloop has not rendered: those of `k8s_custom_deploy` and `sync_resource`.
extension Session {
    struct ForeignContainer {
        var pod: PodStatus
        var container: String
        /// Ref that stands for the live update.
        var image: String
        var way: ContainerWay
    }

    /// Containers of a resource that files can be brought into, by `Attachment.key`. The first look at running Pods, and
    /// each that finds something else, tells the way.
    ///
    /// `run` and `ci` bring what `initial_sync` asks for: nothing has changed yet.
    func foreignContainers(_ name: String) -> [String: ForeignContainer] {
        guard let state = resources[name], let ref = state.resource.kubernetes?.foreignImage,
            let image = images[ref]?.image, let foreign = image.foreign,
            !isOneShot || image.liveUpdate.contains(.initialSync)
        else { return [:] }
        let wish = EphemeralWay.Wish(restarts: LiveChanges.restarts(image), isOneShot: isOneShot)
        var found: [String: ForeignContainer] = [:]
        var way: ContainerWay?
        for pod in state.currentPods where pod.verdict != .succeeded {
            let containers = pod.containers.filter { $0.role == .app }
            guard !containers.isEmpty else { continue }
            let chosen = foreign.chosen(of: containers.map { ($0.name, $0.image) })
            if chosen.isEmpty {
                let names = containers.map(\.name).joined(separator: ", ")
                way = .refused("no container of \(pod.name) \(foreign.selection); it has \(names)")
            }
            for container in chosen.map({ containers[$0] }) where container.isRunning {
                let own = ContainerWay.choose(foreign, container, server: connection?.info.server, wish)
                if case .refused = own {
                    way = own
                } else {
                    if case .refused = way {} else { way = own }
                    found[Attachment.key(pod, container)] = ForeignContainer(
                        pod: pod, container: container.name, image: ref, way: own)
                }
            }
        }
        if let way { tell(way, of: name, ref: ref) }
        return found
    }

    private func tell(_ way: ContainerWay, of name: String, ref: String) {
        guard let state = resources[name] else { return }
        var reason: String?
        if case .refused(let text) = way { reason = text }
        resources[name]?.unsynced =
            reason.flatMap { reason in
                // Whatever was saved, and what `initial_sync` asks for, is not there.
                guard state.resource.kubernetes?.customDeploy == nil, images[ref]?.desired(after: nil).isEmpty == false
                else { return nil }
                return Attachment.Trouble(message: ContainerWay.failure(reason), hint: ContainerWay.hint)
            }
        guard state.foreignWay != way else { return }
        resources[name]?.foreignWay = way
        let isCustom = state.resource.kubernetes?.customDeploy != nil
        var text = way.explanation(of: "the containers of \(name)")
        if reason != nil, isCustom { text += "; each change runs apply_cmd" }
        let action = reason == nil ? "sync" : isCustom ? "apply" : "nothing"
        journal.record(.decisionMade, resource: name, ["action": .string(action), "reason": .string(text)])
    }

    /// What the containers of each resource have been found to be, for the decider.
    func refusals() -> [String: String] {
        resources.values.reduce(into: [:]) { found, state in
            guard let ref = state.resource.kubernetes?.foreignImage, case .refused(let reason) = state.foreignWay else {
                return
            }
            found[ref] = reason
        }
    }

    /// What `initial_sync` brings into containers that are there already, and into those to come.
    func addInitialFiles(_ name: String) {
        guard let ref = resources[name]?.resource.kubernetes?.foreignImage, let image = images[ref]?.image else {
            return
        }
        images[ref]?.add(initial: LiveChanges.initial(image, files: options.files))
    }

    /// Wakes the containers whose files have changed.
    /// - Parameter applied: resources that are deployed for the same save.
    func publishForeign(_ ref: String, applied: Set<String>) {
        guard var image = images[ref] else { return }
        image.version += 1
        images[ref] = image
        for name in users(of: ref) {
            wake(name, for: ref, version: image.version)
            guard let state = resources[name], !applied.contains(name), state.isApplied, !state.needsDeploy,
                !state.isTaskRunning, state.standing == nil
            else { continue }
            if case .refused(let reason) = state.foreignWay {
                let trouble = Attachment.Trouble(message: ContainerWay.failure(reason), hint: ContainerWay.hint)
                resources[name]?.unsynced = trouble
                set(.failed(trouble.message, hint: trouble.hint), for: name)
            } else {
                let isThere = state.attachments.values.contains { $0.image == ref }
                set(.starting(isThere ? "syncing" : "no running container to sync to yet"), for: name)
            }
        }
    }

    /// What can be done when files cannot be brought: there is no image to make. A command that deploys is run once for
    /// each save, since nobody knows whether what comes of it is another container.
    func behindForeign(_ name: String) -> SyncLadder.Behind {
        guard let state = resources[name], state.resource.kubernetes?.customDeploy != nil,
            let save = state.saves.max(), state.appliedForSave != save
        else { return .nothing }
        return .command
    }

    /// The files were sent, and nobody can say whether the container has them.
    /// - Returns: whether the resource counts as failed, as it does for commands whose exit code is the answer.
    func tellUnverified(_ name: String, key: String, _ reason: String, save: Int?) -> Bool {
        guard let attachment = resources[name]?.attachments[key] else { return true }
        let text = "what was sent to \(attachment.pod.name) is not verified: \(reason)"
        let hint = "an image with sha256sum, or with an agent, can prove what it has"
        if resources[name]?.toldUnverified.insert(attachment.pod.name).inserted == true {
            journal.record(
                .syncWarned, save: save, resource: name,
                ["pod": .string(attachment.pod.name), "message": .string(text), "hint": .string(hint)])
        }
        guard isOneShot else { return false }
        trouble(name, key: key, Attachment.Trouble(message: text, hint: hint))
        return true
    }
}
