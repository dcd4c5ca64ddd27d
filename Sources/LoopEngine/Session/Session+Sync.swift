// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension Session {
    /// Keeps one attachment for each running live container of the newest Pods, and none for others.
    func reconcileAttachments(_ name: String) {
        guard let connection, let state = resources[name], state.isApplied, let kubernetes = state.resource.kubernetes
        else { return }
        let ways = kubernetes.images.reduce(into: [String: SyncWay]()) { $0[$1] = syncWay(of: $1, in: name) }
        let refs = isOneShot ? [] : kubernetes.images.filter { ways[$0] == .builtIn || ways[$0] == .injected }
        var wanted: [String: (PodStatus, String, String)] = [:]
        // Pods that came by a selector are somebody else's, and have no agent.
        for pod in state.currentPods where pod.generation != nil {
            for container in pod.containers where container.isRunning && container.role == .app {
                guard let ref = liveImage(of: container.name, in: kubernetes, refs: refs) else { continue }
                wanted[Attachment.key(pod, container)] = (pod, container.name, ref)
            }
        }
        let foreign = foreignContainers(name)
        for (key, target) in foreign { wanted[key] = (target.pod, target.container, target.image) }
        for (key, attachment) in state.attachments where wanted[key] == nil {
            attachment.task?.cancel()
            attachment.signal.finish()
            resources[name]?.attachments[key] = nil
        }
        for (key, (pod, container, ref)) in wanted where state.attachments[key] == nil {
            let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            var attachment = Attachment(
                pod: pod, container: container, image: ref, wanted: images[ref]?.version ?? 0, signal: continuation)
            attachment.isInjected = ways[ref] == .injected
            attachment.foreign = foreign[key]?.way
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
                        let opened = try await open(attachment, over: connection)
                        stream = opened
                        resources[name]?.attachments[key]?.isConnected = true
                        resources[name]?.attachments[key]?.isReconnecting = false
                        resources[name]?.attachments[key]?.toldTrouble = nil
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
                    // While nobody answers, nothing is learned about the container.
                    failures = (error as? DevloopError)?.code == .clusterUnreachable ? 0 : failures + 1
                    if await !recover(name, key: key, error: error, failures: failures) { break }
                }
            }
            if resources[name]?.attachments[key] == nil || Task.isCancelled { break }
        }
        await stream?.close()
    }

    private func open(
        _ attachment: Attachment, over connection: any ClusterConnection
    ) async throws -> any SyncConnection {
        if let way = attachment.foreign {
            return try await connection.attach(
                foreign: attachment.pod, container: attachment.container, way: way)
        }
        return try await connection.attach(
            pod: attachment.pod, container: attachment.container, isInjected: attachment.isInjected)
    }

    /// Sends the desired set and tells what came of it.
    private func bring(_ name: String, key: String, over stream: any SyncConnection) async throws {
        guard let attachment = resources[name]?.attachments[key], let image = images[attachment.image] else { return }
        let version = image.version
        var set = image.desired(after: attachment.ran)
        if attachment.version == nil {
            // An earlier session may have left files that this one has not changed.
            let left = image.leftovers(await stream.recorded(), exists: options.exists)
            // What somebody else's containers have besides is theirs.
            if attachment.foreign == nil, let path = left.unknown.first {
                throw DevloopError(
                    .syncLeftover,
                    "\(attachment.container) has \(path) of an earlier session, which no rule names any more")
            }
            set.files += left.files
            set.deletions += left.deletions
        }
        let save = resources[name]?.saves.max()
        let place: JSONObject = ["pod": .string(attachment.pod.name), "container": .string(attachment.container)]
        var fields = place
        fields["files"] = .int(set.files.count)
        fields["way"] = .string(attachment.way)
        journal.record(.syncStarted, save: save, resource: name, fields)
        let report: SyncReport
        do {
            report = try await stream.apply(set)
        } catch let error as DevloopError where error.code == .syncRun {
            runFailed(name, key: key, version: version, save: save, error)
            return
        }
        tellProblems(report.problems, of: name, pod: attachment.pod.name, save: save)
        fields = place
        fields["sent"] = .int(report.sent)
        fields["send"] = .int(report.send.milliseconds)
        fields["digest"] = .string(report.runningDigest)
        if report.unverified != nil { fields["verified"] = false }
        journal.record(.syncCommitted, save: save, resource: name, fields)
        var stages = [("send", report.send.milliseconds)]
        if let restart = report.restart {
            fields = place
            fields["restart"] = .int(restart.milliseconds)
            stages.append(("restart", restart.milliseconds))
            if let ready = report.ready {
                fields["ready"] = .int(ready.milliseconds)
                stages.append(("ready", ready.milliseconds))
            }
            journal.record(.processRestarted, save: save, resource: name, fields)
        }
        resources[name]?.attachments[key]?.version = version
        // What was taken back is told once more with the next set.
        resources[name]?.attachments[key]?.ran = report.isRolledBack ? nil : version
        if let reason = report.unverified, tellUnverified(name, key: key, reason, save: save) { return }
        if let exit = report.earlyExit {
            exited(name, key: key, code: exit.code, message: exit.message, stays: report.isRunning)
            return
        }
        // An app that has ended stays so until it is started again, unless it is one that was taken back, and what ran
        // before is wanted again.
        let runsWhatIsWanted = set.files.contains { $0.isEntry && $0.digest == report.runningDigest }
        if report.restart != nil || attachment.trouble?.isOfApp != true || runsWhatIsWanted {
            resources[name]?.attachments[key]?.trouble = nil
        }
        if isSyncComplete(name) { finishSync(name, stages) }
    }

    private func isSyncComplete(_ name: String) -> Bool {
        resources[name]?.attachments.values.allSatisfy(\.isSettled) ?? false
    }

    private func finishSync(_ name: String, _ stages: [(String, Int)]) {
        refreshAfterSync(name)
        if resources[name]?.isTaskRunning == false, resources[name]?.needsDeploy == false,
            resources[name]?.stages.isEmpty == true
        {
            served(name, way: "sync", stages: stages)
        }
    }

    /// A save may have waited for nothing but a container that is no longer among those that count.
    func completeSync(_ name: String, without before: [String: Attachment]) {
        let now = resources[name]?.attachments ?? [:]
        let wasOpen = before.contains { now[$0.key] == nil && !$0.value.isSettled }
        if wasOpen, !now.isEmpty, isSyncComplete(name) { finishSync(name, []) }
    }

    /// The files are there, a command of a `run` step failed: it runs again with the next set.
    private func runFailed(_ name: String, key: String, version: Int, save: Int?, _ error: DevloopError) {
        guard let attachment = resources[name]?.attachments[key] else { return }
        resources[name]?.attachments[key]?.version = version
        tell(error, of: attachment, next: "the next save", save: save, name)
        trouble(name, key: key, Attachment.Trouble(message: error.message, hint: error.hint))
    }

    private func tell(
        _ error: DevloopError, of attachment: Attachment, next: String, save: Int?, _ name: String
    ) {
        var fields: JSONObject = [
            "pod": .string(attachment.pod.name), "message": .string(error.description), "next": .string(next),
        ]
        if let hint = error.hint { fields["hint"] = .string(hint) }
        journal.record(.syncFailed, save: save, resource: name, fields)
    }

    func trouble(_ name: String, key: String, _ trouble: Attachment.Trouble) {
        resources[name]?.attachments[key]?.trouble = trouble
        set(.failed(trouble.message, hint: trouble.hint), for: name)
    }

    private func refreshAfterSync(_ name: String) {
        // The kubelet looks once a second; the agent's own check is newer (design §4.3), so the sync counts as ready.
        guard let state = resources[name], !state.isTaskRunning, !state.needsDeploy, !isBuildFirst(name) else { return }
        guard state.standing == nil else { return refresh(name) }
        // During a rollout the Pods themselves say when it is done.
        if case .starting = state.status, !state.currentPods.isEmpty, state.wasReady, state.stages.isEmpty {
            set(.ready, for: name)
        } else {
            refresh(name)
        }
    }

    private func listen(_ name: String, key: String, to stream: any SyncConnection, number: Int) async {
        for await notice in stream.events {
            guard case .exited(let code, let message, let isRolledBack) = notice else { continue }
            if isRolledBack { resources[name]?.attachments[key]?.ran = nil }
            exited(name, key: key, code: code, message: message)
        }
        // The stream ended: the loop finds out whether the container is still there.
        guard let attachment = resources[name]?.attachments[key], attachment.isConnected, attachment.streams == number
        else { return }
        resources[name]?.attachments[key]?.isConnected = false
        resources[name]?.attachments[key]?.isReconnecting = true
        resources[name]?.attachments[key]?.version = nil
        attachment.signal.yield()
    }

    /// - Parameter stays: the app runs on, and may become ready yet.
    private func exited(_ name: String, key: String, code: Int, message: String, stays: Bool = false) {
        guard let attachment = resources[name]?.attachments[key] else { return }
        let pod = attachment.pod.name
        journal.record(
            .processExited, save: resources[name]?.saves.max(), resource: name,
            [
                "pod": .string(pod), "container": .string(attachment.container), "code": .int(code),
                "message": .string(message),
            ])
        let hint = "its last lines say why; the next save starts it again"
        if stays { return set(.failed("\(pod): \(message)", hint: hint), for: name) }
        trouble(name, key: key, Attachment.Trouble(message: "\(pod): \(message)", hint: hint, isOfApp: true))
    }

    /// - Returns: whether to try again at once.
    private func recover(_ name: String, key: String, error: any Error, failures: Int) async -> Bool {
        guard !Task.isCancelled, end == nil, let attachment = resources[name]?.attachments[key] else { return false }
        resources[name]?.attachments[key]?.version = nil
        let error = (error as? DevloopError) ?? DevloopError(.sync, "\(error)")
        let save = resources[name]?.saves.max()
        let step = SyncLadder.step(after: error.code, failures: failures, behind: behind(attachment, of: name))
        if step != .pod {
            // What is impossible now may be possible with the next set.
            let isFollowed = step.isReconnecting || error.code == .syncImpossible
            resources[name]?.attachments[key]?.isReconnecting = isFollowed
        }
        switch step {
        case .owner: return await waitForOwner(name, key: key, error)
        case .pod: return await replace(name, attachment, error)
        case .stream:
            if error.code == .clusterUnreachable, attachment.toldTrouble == error.message {
                try? await ports.clock.sleep(.milliseconds(500))
            } else {
                resources[name]?.attachments[key]?.toldTrouble = error.message
                tell(error, of: attachment, next: step.rawValue, save: save, name)
                try? await ports.clock.sleep(.milliseconds(100 * (1 << failures)))
            }
            return !Task.isCancelled && resources[name]?.attachments[key] != nil
        case .save, .later:
            tell(error, of: attachment, next: step.rawValue, save: save, name)
            trouble(name, key: key, Attachment.Trouble(message: error.message, hint: error.hint))
        case .image, .command:
            // One that is being made is not to be disturbed.
            if resources[name]?.isTaskRunning == false, resources[name]?.needsDeploy == false {
                tell(error, of: attachment, next: step.rawValue, save: save, name)
                if step == .image {
                    makeAnew(attachment.image, for: [name])
                } else {
                    resources[name]?.appliedForSave = save
                    requestDeploy(name)
                }
            }
        }
        // What cannot work is tried again with the next save.
        guard error.code != .syncImpossible else { return false }
        try? await ports.clock.sleep(.seconds(10))
        return !Task.isCancelled && resources[name]?.attachments[key] != nil
    }

    private func behind(_ attachment: Attachment, of name: String) -> SyncLadder.Behind {
        guard attachment.foreign == nil else { return behindForeign(name) }
        // An image that would be the same helps nobody.
        let image = images[attachment.image]
        return image?.needsImage == true || image?.hasChangedFiles == true ? .image : .nothing
    }

    /// A container with files that nobody can take back is replaced by a new one.
    private func replace(_ name: String, _ attachment: Attachment, _ error: DevloopError) async -> Bool {
        tell(error, of: attachment, next: "its Pod is made anew", save: nil, name)
        do {
            try await connection?.restart(pod: attachment.pod)
            // Nobody else makes a Pod again that belongs to no workload.
            if resources[name]?.resource.kubernetes?.objects.contains(where: { $0.kind == "Pod" }) == true {
                forced.insert(name)
                requestDeploy(name)
            }
        } catch {
            set(.failed(Self.text(error), hint: nil), for: name)
        }
        try? await ports.clock.sleep(.seconds(2))
        return !Task.isCancelled
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
