// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LocalPods
import LoopEngine
import Plan

/// One Pod of this machine: its volumes, its init containers one after the other, then its containers.
actor LocalPod {
    let plan: LocalPodPlan
    private let board: LocalBoard
    private let logs: LocalLogs
    private let clock: EngineClock
    private let files: @Sendable (String) -> [String]
    let containers: [LocalContainer]
    private var task: Task<Void, Never>?
    private var isStopped = false

    /// - Parameter files: all files below a path of this machine.
    init(
        _ plan: LocalPodPlan, board: LocalBoard, logs: LocalLogs, digests: FileDigests, clock: EngineClock,
        files: @escaping @Sendable (String) -> [String]
    ) {
        self.plan = plan
        self.board = board
        self.logs = logs
        self.clock = clock
        self.files = files
        containers = plan.containers.map {
            LocalContainer($0, pod: plan, board: board, logs: logs, digests: digests, clock: clock)
        }
    }

    func start() {
        var spec = plan.workload.spec
        var records = plan.containers.map { ContainerRecord(name: $0.name, image: $0.image, isInit: $0.isInit) }
        if plan.address != nil {
            // What answers at the address is known by asking it.
            let container: JSONValue = ["name": .string(Self.addressName), "readinessProbe": [:]]
            spec["containers"] = .array([container])
            spec["initContainers"] = nil
            records = [ContainerRecord(name: Self.addressName, image: "")]
        }
        var record = PodRecord(
            identity: plan.identity, created: clock.wall(), generation: plan.generation, spec: spec,
            containers: records)
        if case .claims(let names) = plan.volumes.problem, plan.address == nil {
            record.unschedulable = "persistentvolumeclaim \"\(names[0])\" not found"
        }
        board.add(record, of: plan.resource, advice: plan.advice)
        task = Task { await self.run() }
    }

    /// Ends all of its programs; they all get the signal at once.
    func stop() async {
        isStopped = true
        board.change(plan.identity.uid, at: clock.wall()) { $0.isTerminating = true }
        task?.cancel()
        await withDiscardingTaskGroup { group in
            for container in containers { group.addTask { await container.close() } }
        }
        await task?.value
        board.remove(plan.identity.uid)
        LocalRoot.delete(plan.folder)
    }

    func container(_ name: String) -> LocalContainer? { containers.first { $0.plan.name == name } }

    private static let addressName = "address"

    private func run() async {
        if let address = plan.address { return await watch(address) }
        switch plan.volumes.problem {
        case .claims: return
        case .notMounted(let words):
            return board.note(
                "FailedMount", words, container: nil, about: plan.identity.uid, at: clock.wall())
        case nil: break
        }
        for container in containers {
            do {
                try mount(container.plan)
                if container.plan.problem == nil { try await container.prepare(files: files) }
            } catch {
                return await container.change {
                    $0.state = .waiting(reason: "CreateContainerError", message: LocalContainer.text(error))
                }
            }
        }
        for container in containers where container.plan.isInit {
            if Task.isCancelled { return }
            guard await container.complete() else { return }
        }
        for container in containers where !container.plan.isInit {
            if isStopped { return }
            await container.start()
        }
    }

    private func mount(_ container: LocalPodPlan.Container) throws {
        let specs = plan.workload.initContainers + plan.workload.containers
        let spec = specs.first { $0["name"]?.string == container.name }
        for mount in spec?["volumeMounts"]?.array ?? [] {
            guard let name = mount["name"]?.string, let path = mount["mountPath"]?.string else { continue }
            let place = container.root + PathMap.normal(path)
            switch plan.volumes.contents[name] {
            case .files(let files):
                let part = mount["subPath"]?.string
                for (file, bytes) in files {
                    if let part {
                        if PathMap.normal(file) == PathMap.normal(part) { try LocalRoot.write(bytes, to: place) }
                    } else {
                        try LocalRoot.write(bytes, to: place + PathMap.normal(file))
                    }
                }
                if part == nil { try LocalRoot.makeFolder(place) }
            case .empty:
                let shared =
                    "\(plan.folder)/volumes\(PathMap.normal(name))\(PathMap.normal(mount["subPath"]?.string ?? ""))"
                try LocalRoot.makeFolder(shared)
                try LocalRoot.makeFolder(LocalRoot.parent(place))
                try LocalRoot.link(shared, from: place)
            case .host, nil: break
            }
        }
    }

    /// Asks an address again and again, as a Service's health check would.
    private func watch(_ address: LocalAddress) async {
        let probe = Probe.Action.tcpSocket(host: address.host, port: address.port)
        let since = clock.wall()
        while !Task.isCancelled {
            let problem = await HostProbe.attempt(probe, directory: "/", timeout: .seconds(1))
            if Task.isCancelled { return }
            if let problem {
                board.note(
                    "Unhealthy", "Readiness probe failed: \(problem)", container: Self.addressName,
                    about: plan.identity.uid, at: clock.wall())
            }
            board.change(plan.identity.uid, at: clock.wall()) { record in
                record.containers[0].id = "address://\(address.text)"
                record.containers[0].state = .running(since: since)
                record.containers[0].isReady = problem == nil
            }
            guard (try? await clock.sleep(.seconds(1))) != nil else { return }
        }
    }
}
