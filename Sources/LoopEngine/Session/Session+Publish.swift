// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// What an image's containers should have changed.
extension Session {
    /// How changes of an image come into the containers of a resource; nil when its spec asks for no live update.
    func syncWay(of ref: String, in name: String) -> SyncWay? {
        guard let image = images[ref], let resource = resources[name]?.resource else { return nil }
        return SyncWay.choose(image.image, in: resource, program: image.program)
    }

    /// Tells how changes of images that devloop did not pack will come into the containers, whenever that is news.
    func tellWays(_ name: String) {
        guard !isOneShot, let refs = resources[name]?.resource.kubernetes?.images else { return }
        for ref in refs where images[ref]?.image.swift == nil && images[ref]?.image.foreign == nil {
            guard let way = syncWay(of: ref, in: name), resources[name]?.toldWays[ref] != way else { continue }
            resources[name]?.toldWays[ref] = way
            let isSynced = way == .injected
            journal.record(
                .decisionMade, resource: name,
                ["action": isSynced ? "sync" : "image", "reason": .string(way.explanation(of: ref))])
        }
    }

    /// Wakes the containers of an image whose wanted set has changed, or deploys where nothing can be synced to.
    /// - Parameter decided: whether a `decision.made` was already told for it.
    func publish(_ ref: String, decided: Bool) {
        guard var image = images[ref] else { return }
        image.version += 1
        images[ref] = image
        var deployed: [String] = []
        for name in users(of: ref) {
            guard let obstacle = obstacle(ref, in: name) else { continue }
            journal.record(
                .decisionMade, save: resources[name]?.saves.max(), resource: name,
                ["action": "image", "reason": .string(obstacle)])
            deployed.append(name)
        }
        if !deployed.isEmpty {
            let isForAll = images[ref]?.hasChangedFiles == true
            makeAnew(ref, for: deployed)
            if isForAll { return }
        }
        for name in users(of: ref) where !deployed.contains(name) {
            if !decided {
                journal.record(
                    .decisionMade, save: resources[name]?.saves.max(), resource: name,
                    ["action": "sync", "reason": "only the executable changed"])
            }
            wake(name, for: ref, version: image.version)
            if !isBuildFirst(name), resources[name]?.standing == nil { set(.starting("syncing"), for: name) }
        }
    }

    /// Has the containers of an image in a resource brought to a version.
    func wake(_ name: String, for ref: String, version: Int) {
        for key in resources[name]?.attachments.keys.sorted() ?? []
        where resources[name]?.attachments[key]?.image == ref {
            resources[name]?.attachments[key]?.wanted = version
            resources[name]?.attachments[key]?.signal.yield()
        }
    }

    /// Why a change of an image cannot go into the containers of a resource; nil when it can.
    private func obstacle(_ ref: String, in name: String) -> String? {
        guard let state = resources[name] else { return nil }
        if case .refused(let reason) = syncWay(of: ref, in: name) { return reason }
        if state.needsDeploy || state.isTaskRunning { return "an update is under way, which has to take it in" }
        if state.deployFailure?.isOfImage == true { return "the last try to make an image of it failed" }
        if state.attachments.values.contains(where: { $0.image == ref && $0.isFollowed }) { return nil }
        // A container that is about to start is brought up to date before it counts as ready.
        let isComing = state.currentPods.contains { pod in
            if case .starting = pod.verdict { true } else { false }
        }
        return state.isApplied && isComing ? nil : "no running container to sync to"
    }

    /// Changes that wait for a container would do so for ever when it ends again and again: they come with an image.
    func deployWaitingChanges(_ name: String) {
        guard !isOneShot, let state = resources[name], state.isApplied, !state.needsDeploy, !state.isTaskRunning,
            !state.saves.isEmpty, state.currentPods.contains(where: { $0.failure?.isCrashLoop == true })
        else { return }
        for ref in state.resource.kubernetes?.images ?? [] {
            guard let image = images[ref], image.isLive, image.image.foreign == nil,
                image.hasChangedFiles || image.needsImage,
                !state.attachments.values.contains(where: { $0.image == ref })
            else { continue }
            journal.record(
                .decisionMade, save: state.saves.max(), resource: name,
                ["action": "image", "reason": "its container ends again and again, so that nothing can be synced"])
            makeAnew(ref, for: [name])
        }
    }

    /// Containers of the image before have changes that nobody will bring them again: those of other resources get the
    /// new image as well.
    func applyToOthers(_ ref: String, madeFor name: String) {
        for other in users(of: ref) where other != name {
            guard let state = resources[other], state.isApplied, !state.needsDeploy, !state.isTaskRunning else {
                continue
            }
            journal.record(
                .decisionMade, resource: other,
                ["action": "apply", "reason": .string("\(ref) was made anew for \(name)")])
            requestDeploy(other)
        }
    }

    /// Has an image made again if files other than a program changed, and deploys resources that use it.
    func makeAnew(_ ref: String, for names: [String]) {
        var names = names
        if images[ref]?.hasChangedFiles == true {
            images[ref]?.isStale = true
            // What the new image has is not brought to containers of the old one any more.
            names = users(of: ref)
        }
        for name in names where markForUpdate(name) { advance(name) }
    }
}
