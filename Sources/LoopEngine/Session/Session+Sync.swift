// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension Session {
    /// Keeps one attachment for each running live container of the newest Pods, and none for others.
    func reconcileAttachments(_ name: String) {
        guard let connection, !isOneShot, let state = resources[name], state.isApplied,
            let kubernetes = state.resource.kubernetes
        else { return }
        let refs = kubernetes.images.filter { images[$0]?.isLive == true }
        var wanted: [String: (PodStatus, String, String)] = [:]
        // Pods that came by a selector are somebody else's, and have no agent.
        for pod in state.currentPods where pod.generation != nil {
            for container in pod.containers where container.isRunning && container.role == .app {
                guard let ref = liveImage(of: container.name, in: kubernetes, refs: refs) else { continue }
                wanted[Attachment.key(pod, container)] = (pod, container.name, ref)
            }
        }
        for (key, attachment) in state.attachments where wanted[key] == nil {
            attachment.task?.cancel()
            attachment.signal.finish()
            resources[name]?.attachments[key] = nil
        }
        for (key, (pod, container, ref)) in wanted where state.attachments[key] == nil {
            let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            var attachment = Attachment(
                pod: pod, container: container, image: ref, wanted: images[ref]?.version ?? 0, signal: continuation)
            continuation.yield()
            attachment.task = spawn { session in
                await session.follow(name, key: key, connection: connection, signals: signals)
            }
            resources[name]?.attachments[key] = attachment
        }
    }

    /// Ref of the live image that a container of the manifest runs.
    private func liveImage(of container: String, in kubernetes: KubernetesResource, refs: [String]) -> String? {
        for object in kubernetes.objects {
            for spec in object.podSpecs {
                for item in spec["containers"]?.array ?? [] where item["name"]?.string == container {
                    guard let text = item["image"]?.string else { continue }
                    return refs.first { ImageName.matches(text, ref: $0) }
                }
            }
        }
        return nil
    }

    /// What an image's containers should have changed: wakes them, or deploys where there is nobody to wake.
    /// - Parameter decided: whether a `decision.made` was already told for it.
    func publish(_ ref: String, decided: Bool) {
        guard var image = images[ref] else { return }
        image.version += 1
        images[ref] = image
        for name in users(of: ref) {
            guard let state = resources[name] else { continue }
            let keys = state.attachments.filter { $0.value.image == ref && $0.value.isConnected }.map(\.key)
            guard !keys.isEmpty, !state.needsDeploy, !state.isTaskRunning else {
                journal.record(
                    .decisionMade, save: state.saves.max(), resource: name,
                    ["action": "image", "reason": "no running container to sync to"])
                if !image.overlay.isEmpty { images[ref]?.isStale = true }
                requestDeploy(name)
                continue
            }
            if !decided {
                journal.record(
                    .decisionMade, save: state.saves.max(), resource: name,
                    ["action": "sync", "reason": "only the executable changed"])
            }
            for key in state.attachments.keys where state.attachments[key]?.image == ref {
                resources[name]?.attachments[key]?.wanted = image.version
                resources[name]?.attachments[key]?.signal.yield()
            }
            set(.starting("syncing"), for: name)
        }
    }

    /// Keeps one container up to date until it is gone; a broken stream is opened again.
    private func follow(
        _ name: String, key: String, connection: any ClusterConnection, signals: AsyncStream<Void>
    ) async {
        var failures = 0
        var stream: (any SyncConnection)?
        for await _ in signals {
            while !Task.isCancelled, let attachment = resources[name]?.attachments[key] {
                if attachment.isConnected, attachment.isCurrent { break }
                do {
                    if !attachment.isConnected {
                        await stream?.close()
                        let opened = try await connection.attach(pod: attachment.pod, container: attachment.container)
                        stream = opened
                        resources[name]?.attachments[key]?.isConnected = true
                        resources[name]?.attachments[key]?.streams += 1
                        let number = attachment.streams + 1
                        spawn { await $0.listen(name, key: key, to: opened, number: number) }
                    }
                    guard let stream else { break }
                    try await bring(name, key: key, over: stream)
                    failures = 0
                } catch {
                    await stream?.close()
                    stream = nil
                    resources[name]?.attachments[key]?.isConnected = false
                    failures += 1
                    if await !recover(name, key: key, error: error, failures: failures) { break }
                }
            }
            if resources[name]?.attachments[key] == nil || Task.isCancelled { break }
        }
        await stream?.close()
    }

    /// Sends the desired set and tells what came of it.
    private func bring(_ name: String, key: String, over stream: any SyncConnection) async throws {
        guard let attachment = resources[name]?.attachments[key], let image = images[attachment.image] else { return }
        let version = image.version
        let set = image.desired
        let save = resources[name]?.saves.max()
        let pod = attachment.pod.name
        journal.record(
            .syncStarted, save: save, resource: name,
            ["pod": .string(pod), "container": .string(attachment.container), "files": .int(set.files.count)])
        let report = try await stream.apply(set)
        images[attachment.image]?.commands = []
        journal.record(
            .syncCommitted, save: save, resource: name,
            [
                "pod": .string(pod), "container": .string(attachment.container), "sent": .int(report.sent),
                "send": .int(report.send.milliseconds), "digest": .string(report.runningDigest),
            ])
        var stages = [("send", report.send.milliseconds)]
        if let restart = report.restart {
            var fields: JSONObject = [
                "pod": .string(pod), "container": .string(attachment.container), "restart": .int(restart.milliseconds),
            ]
            stages.append(("restart", restart.milliseconds))
            if let ready = report.ready {
                fields["ready"] = .int(ready.milliseconds)
                stages.append(("ready", ready.milliseconds))
            }
            journal.record(.processRestarted, save: save, resource: name, fields)
        }
        resources[name]?.attachments[key]?.version = version
        if let exit = report.earlyExit {
            exited(name, pod: pod, container: attachment.container, code: exit.code, message: exit.message)
            return
        }
        let isDone = resources[name]?.attachments.values.allSatisfy(\.isCurrent) ?? false
        if isDone {
            refreshAfterSync(name)
            if resources[name]?.isTaskRunning == false, resources[name]?.needsDeploy == false,
                resources[name]?.stages.isEmpty == true
            {
                served(name, way: "sync", stages: stages)
            }
        }
    }

    private func refreshAfterSync(_ name: String) {
        // The kubelet looks once a second; the agent's own check is newer (design §4.3), so the sync counts as ready.
        guard let state = resources[name], !state.isTaskRunning, !state.needsDeploy else { return }
        // During a rollout the Pods themselves say when it is done.
        if case .starting = state.status, !state.currentPods.isEmpty, state.wasReady, state.stages.isEmpty {
            set(.ready, for: name)
        } else {
            refresh(name)
        }
    }

    private func listen(_ name: String, key: String, to stream: any SyncConnection, number: Int) async {
        for await notice in stream.events {
            guard case .exited(let code, let message) = notice,
                let attachment = resources[name]?.attachments[key]
            else { continue }
            exited(name, pod: attachment.pod.name, container: attachment.container, code: code, message: message)
        }
        // The stream ended: the loop finds out whether the container is still there.
        guard let attachment = resources[name]?.attachments[key], attachment.isConnected, attachment.streams == number
        else { return }
        resources[name]?.attachments[key]?.isConnected = false
        resources[name]?.attachments[key]?.version = nil
        attachment.signal.yield()
    }

    private func exited(_ name: String, pod: String, container: String, code: Int, message: String) {
        journal.record(
            .processExited, save: resources[name]?.saves.max(), resource: name,
            [
                "pod": .string(pod), "container": .string(container), "code": .int(code), "message": .string(message),
            ])
        set(
            .failed("\(pod): \(message)", hint: "its last lines say why; the next save starts it again"),
            for: name)
    }

    /// - Returns: whether to try again at once.
    private func recover(_ name: String, key: String, error: any Error, failures: Int) async -> Bool {
        guard !Task.isCancelled, end == nil, let attachment = resources[name]?.attachments[key] else { return false }
        resources[name]?.attachments[key]?.version = nil
        let error = (error as? DevloopError) ?? DevloopError(.sync, "\(error)")
        if error.code == .syncBusy { return await waitForOwner(name, key: key, error) }
        // What cannot work is not tried again; the rest gets three more tries.
        let givesUp = error.code == .syncImpossible || failures >= 4
        var fields: JSONObject = [
            "pod": .string(attachment.pod.name), "message": .string(error.description),
            "next": givesUp ? "a new image" : "the stream is opened again",
        ]
        if let hint = error.hint { fields["hint"] = .string(hint) }
        journal.record(.syncFailed, save: resources[name]?.saves.max(), resource: name, fields)
        if givesUp {
            requestDeploy(name)
            try? await ports.clock.sleep(.seconds(10))
        } else {
            try? await ports.clock.sleep(.milliseconds(100 * (1 << failures)))
        }
        return !Task.isCancelled && resources[name]?.attachments[key] != nil
    }

    /// Another session has the container: nothing is forced, and nothing is deployed over it.
    private func waitForOwner(_ name: String, key: String, _ error: DevloopError) async -> Bool {
        let status = ResourceState.Status.failed(error.message, hint: error.hint)
        if resources[name]?.status != status {
            var fields: JSONObject = ["message": .string(error.message), "next": "asked again every 2 s"]
            if let pod = resources[name]?.attachments[key]?.pod.name { fields["pod"] = .string(pod) }
            if let hint = error.hint { fields["hint"] = .string(hint) }
            journal.record(.syncFailed, save: resources[name]?.saves.max(), resource: name, fields)
            set(status, for: name)
        }
        try? await ports.clock.sleep(.seconds(2))
        return !Task.isCancelled && resources[name]?.attachments[key] != nil
    }
}
