// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import KubeClient
import Testing

/// Rounds of edits and mostly one fault. When the session calls the last save of a round served, the files in each
/// container have to be those here, at once; and they stay so.
struct SyncSoak {
    let live: LiveDevloop
    let cluster: Cluster
    let faults: SoakFaults
    private var random: SeededGenerator
    private(set) var journal = SoakJournal()
    private(set) var rounds = 0
    /// What was told and not so.
    private(set) var lies: [String] = []
    private(set) var breaks = 0
    private var edits = 0
    private var crashes = 0
    private var counts: [SoakFault: Int] = [:]
    private var slowest = Duration.zero
    private var samples: [ProcessSample] = []
    private var round: [String] = []

    /// What happens to containers and to the way there; the cluster itself stays as it is.
    private static let kinds: [SoakFault] = [
        .cut, .outage, .cutAtRandomBytes, .hang, .slow, .garbage, .podDeleted, .processKilled,
    ]

    init(live: LiveDevloop, cluster: Cluster, faults: SoakFaults, seed: UInt64) {
        (self.live, self.cluster, self.faults) = (live, cluster, faults)
        random = SeededGenerator(seed: seed)
    }

    mutating func go(_ project: inout SyncProject, for time: Duration) async throws {
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end {
            rounds += 1
            round = []
            let start = ContinuousClock.now
            try await edit(&project, Int.random(in: 1...4, using: &random))
            if Int.random(in: 0..<10, using: &random) < 6 { try await fault() }
            try await edit(&project, Int.random(in: 0...2, using: &random))
            let before = live.last
            for tree in project.trees { try tree.mark("\(rounds)") }
            try await settle(project, after: before)
            let took = ContinuousClock.now - start
            slowest = max(slowest, took)
            let sample = ProcessSample(of: live.pid)
            samples.append(sample)
            print("soak \(rounds): \(round.joined(separator: ", ")): \(took), \(sample)")
        }
    }

    private mutating func edit(_ project: inout SyncProject, _ count: Int) async throws {
        for _ in 0..<count {
            edits += 1
            switch Int.random(in: 0..<12, using: &random) {
            case 0:
                try project.write(word: project.word + 1)
                round.append("the program")
            case 1:
                try project.write(replicas: Int.random(in: 1...3, using: &random))
                round.append("\(project.replicas) replicas")
            default:
                let tree = Int.random(in: 0..<project.trees.count, using: &random)
                round.append(try project.trees[tree].edit())
            }
            // Sometimes within one change set, sometimes while the last one is on its way.
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...300, using: &random)))
        }
    }

    private mutating func fault() async throws {
        // After more crashes of one container Kubernetes waits for minutes before it starts it again.
        let open = Self.kinds.filter { !$0.isCrash || crashes < 2 + rounds / 20 }
        guard let fault = open.randomElement(using: &random) else { return }
        if fault.isCrash { crashes += 1 }
        if fault.breaksConnections { breaks += 2 }
        counts[fault, default: 0] += 1
        round.append(fault.rawValue)
        try await faults.make(fault, &random)
    }

    /// Waits until the session says that the last save is served; then all has to be so.
    mutating func settle(_ project: SyncProject, after: Int) async throws {
        var open = ""
        let isSettled = await poll(deadline: .seconds(150), every: .milliseconds(50)) {
            open = whatIsOpen(after: after)
            return open.isEmpty
        }
        guard isSettled else { throw failure(open) }
        if let difference = await difference(project) {
            // Kubernetes may have replaced a container since; nothing else may be on its way.
            let last = live.last
            let isWell = await poll(deadline: .seconds(90), every: .milliseconds(100)) {
                await self.difference(project) == nil
            }
            let wasTold = live.all("resource.changed", after: after).contains {
                $0["seq"]?.int ?? 0 > last - 3 && $0["state"]?.string != "ready"
            }
            if !wasTold || !isWell {
                let story = live.story.suffix(40).map(\.jsonText).joined(separator: "\n")
                lies.append("round \(rounds) (\(round)): \(difference); the last events:\n\(story)\n")
            }
            guard isWell else { throw failure(difference) }
        }
    }

    /// What the session has not told yet.
    private mutating func whatIsOpen(after: Int) -> String {
        journal.add(live.events)
        let saves = live.all("file.changed", after: after).filter { event in
            event["files"]?.array?.contains { $0.string?.hasSuffix("/round") == true } == true
        }
        guard let save = saves.last?["save"]?.int else { return "the last edit is not told" }
        guard live.all("save.served", after: after).contains(where: { $0["save"]?.int ?? 0 >= save }) else {
            return "save \(save) is not told to be served"
        }
        guard journal.states["soak"] == "ready" else {
            return "told to be \(journal.states["soak"] ?? "nothing") (\(journal.reasons["soak"] ?? ""))"
        }
        return ""
    }

    /// How the containers differ from the files here; nil when they do not.
    private func difference(_ project: SyncProject) async -> String? {
        let pods: [JSONValue]
        do {
            pods = try await cluster.livePods()
        } catch {
            return "\(error)"
        }
        let ids = pods.compactMap { $0.at("metadata", "uid")?.string }
        let containers = faults.firstProcesses().filter { pid in
            let group = (try? TestFiles.read("/proc/\(pid)/cgroup")) ?? ""
            return ids.contains { group.contains($0) }
        }
        guard containers.count == project.replicas else {
            return "\(containers.count) containers run, not \(project.replicas)"
        }
        for (tree, place) in zip(project.trees, SyncProject.places) {
            guard let wanted = TreeListing.of(tree.path) else { return "\(tree.path) cannot be read" }
            for pid in containers {
                guard let found = TreeListing.of("/proc/\(pid)/root\(place)") else {
                    let isThere = kill(pid_t(pid), 0) == 0
                    return isThere ? "\(place) of process \(pid) cannot be listed to its end" : "a container went"
                }
                if let difference = TreeListing.difference(wanted, found) { return "\(place): \(difference)" }
            }
        }
        return await programs(pods, project)
    }

    /// Whether all Pods run the program of the last edit.
    private func programs(_ pods: [JSONValue], _ project: SyncProject) async -> String? {
        do {
            for pod in pods {
                let name = pod.at("metadata", "name")?.string ?? ""
                let last = try await cluster.lastLine(of: name, container: "soak")
                if last != "soak \(project.word)" { return "\(name) says '\(last)', not 'soak \(project.word)'" }
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func failure(_ open: String) -> DevloopError {
        let tail = live.story.suffix(60).map(\.jsonText).joined(separator: "\n")
        return DevloopError(
            .process, "round \(rounds) (\(round)): \(open); the last events:\n\(tail)\n\(live.errorText)")
    }

    /// Memory, descriptors and threads are at the end what they were after the first fifth.
    func checkResources() { ProcessSample.expectFlat(samples, streams: 16) }

    func sumUp() {
        let faults = counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
        print(
            "soak: \(rounds) rounds, \(edits) edits, \(journal.served) saves served, slowest round \(slowest); "
                + "told and not so: \(lies.count); faults: \(faults.joined(separator: ", "))")
        if let first = samples.first, let last = samples.last { print("soak: at first \(first); at last \(last)") }
    }
}
