// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Hashing
import ImageDelivery
import KubeClient
import LoopEngine
import Plan
import PodSync
import Synchronization

/// One cluster and namespace, for the engine. Topics: `+Apply`, `+Custom`, `+Observe`.
final class ClusterSession: ClusterConnection {
    let client: KubeClient
    let info: ClusterInfo
    let images: ImageMaker
    /// What sessions of the project have applied.
    let keeper: InventoryKeeper
    /// What commands of the spec are told of the cluster.
    let commands: CommandKubeConfig

    private let link: BuildLink
    /// What containers are sent is read once for all of them.
    private let readings = SourceReadings()
    /// Agents that may be taken from another session; nil without `--force`. Each is taken once, and only while nobody
    /// has taken the namespace from us: two sessions that were both forced do not fight.
    private let taken: Mutex<Set<String>>?

    init(
        client: KubeClient, info: ClusterInfo, images: ImageMaker, link: BuildLink, keeper: InventoryKeeper,
        commands: CommandKubeConfig, takesOver: Bool = false
    ) {
        taken = takesOver ? Mutex([]) : nil
        self.link = link
        self.keeper = keeper
        self.commands = commands
        self.client = client
        self.info = info
        self.images = images
    }

    func identity() async -> String? { await ClusterAdapter.identity(client, namespace: info.namespace) }

    func makeImage(_ work: ImageWork, onEvent: @escaping @Sendable (ImageNotice) -> Void) async throws -> String {
        // Beside the build, which reads the same files. One that changes meanwhile is sent whole.
        async let copies: Void = readings.noteImageCopies(of: work.synced)
        let reference = try await images.make(work, onEvent: onEvent)
        await copies
        return reference
    }

    func program(of image: Image) async -> ImageProgram { await images.program(of: image) }

    func logs(
        pod: PodStatus, container: String, runs: AsyncStream<String>
    ) -> AsyncThrowingStream<LoopEngine.LogLine, any Error> {
        ContainerLog.lines(
            client, namespace: pod.namespace, pod: pod.name, container: container, runs: runs,
            symbolizer: link.symbolizer)
    }

    func lastLines(pod: PodStatus, container: String, previous: Bool) async -> [String] {
        // Between two lives of a container neither log can be read for a moment.
        for attempt in 0..<3 {
            if attempt > 0 { try? await Task.sleep(for: .milliseconds(200)) }
            // As long as a crash report is.
            let lines = await readLastLines(
                pod: pod, container: container, previous ? [true, false] : [false], count: 150)
            if !lines.isEmpty { return await CrashNotes.last(20, of: lines, link.symbolizer) }
        }
        return []
    }

    /// - Parameter lives: whether it is the one before, in the order in which they are tried.
    func readLastLines(pod: PodStatus, container: String, _ lives: [Bool], count: Int) async -> [String] {
        for previous in lives {
            var options = LogOptions(previous: previous)
            options.tailLines = count
            options.follow = false
            var lines: [String] = []
            do {
                for try await line in client.logs(
                    namespace: pod.namespace, pod: pod.name, container: container, options: options)
                {
                    lines.append(String(decoding: line.text, as: UTF8.self))
                }
            } catch {
                continue
            }
            if !lines.isEmpty { return lines }
        }
        return []
    }

    func attach(pod: PodStatus, container: String, isInjected: Bool) async throws -> any SyncConnection {
        try await attach(pod, container, agent: isInjected ? Renderer.injectedAgentPath : Renderer.agentPath)
    }

    func attach(foreign pod: PodStatus, container: String, way: ContainerWay) async throws -> any SyncConnection {
        switch way {
        case .agent(let path): return try await attach(pod, container, agent: path)
        case .ephemeral:
            let name = try await EphemeralAgent(client: client).start(in: pod, beside: container) {
                try await images.agentImage()
            }
            let folder = ["--app-dir", EphemeralContainer.folder(name)]
            return try await attach(pod, container, in: name, agent: EphemeralContainer.program, folder)
        case .tar:
            return TarSync(
                PodCommands(client: client, namespace: pod.namespace, pod: pod.name, container: container),
                readings: readings)
        case .refused(let reason): throw DevloopError(.syncImpossible, reason, hint: ContainerWay.hint)
        }
    }

    /// - Parameter other: the container that the agent is in; nil when it is the one whose files it brings.
    private func attach(
        _ pod: PodStatus, _ container: String, in other: String? = nil, agent: String, _ words: [String] = []
    ) async throws -> LiveSync {
        let stream = try await client.exec(
            namespace: pod.namespace, pod: pod.name, container: other ?? container,
            command: [agent, "attach"] + words)
        var options = PodSyncSession.Options(hostVersion: "devloop", owner: HostPaths.owner())
        options.readings = readings
        options.force = await mayTake("\(pod.uid)/\(container)")
        let session = PodSyncSession(channel: stream, options: options)
        do {
            _ = try await session.hello()
            try await session.state()
        } catch {
            await session.close()
            throw error
        }
        return LiveSync(session: session, client: client, pod: pod, container: container, readings: readings)
    }

    private func mayTake(_ agent: String) async -> Bool {
        guard taken != nil, await keeper.isOurs else { return false }
        return taken?.withLock { $0.insert(agent).inserted } ?? false
    }

    func dial(pod: PodStatus, port: Int) async throws -> any ByteChannel {
        try await client.portForward(namespace: pod.namespace, pod: pod.name, port: port)
    }

    func restart(pod: PodStatus) async throws {
        try await client.delete(.pods, name: pod.name, namespace: pod.namespace)
    }

    func close() async {
        await keeper.close()
        commands.remove()
        await images.delivery?.close()
    }
}
