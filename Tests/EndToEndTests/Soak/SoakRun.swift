// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import KubeClient
import Testing

/// Rounds of one edit and mostly one fault; after each, the cluster has to become what the files say.
struct SoakRun {
    let live: LiveDevloop
    let cluster: Cluster
    let faults: SoakFaults
    let address: String
    var random: SeededGenerator
    private(set) var journal = SoakJournal()
    private(set) var rounds = 0
    /// Faults that cut connections.
    private(set) var breaks = 0
    private var crashes = 0
    private var counts: [SoakFault: Int] = [:]
    private var slowest = Duration.zero
    private var samples: [ProcessSample] = []
    private var round = ""

    /// Crashes of one run: after some Kubernetes waits minutes before it starts a container again.
    private static let mostCrashes = 3

    init(live: LiveDevloop, cluster: Cluster, faults: SoakFaults, address: String, seed: UInt64) {
        (self.live, self.cluster, self.faults, self.address) = (live, cluster, faults, address)
        random = SeededGenerator(seed: seed)
    }

    mutating func go(_ project: inout SoakProject, for time: Duration) async throws {
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end {
            rounds += 1
            let start = ContinuousClock.now
            try await edit(&project)
            if Int.random(in: 0..<10, using: &random) < 7, let fault = nextFault() {
                // At any time of what the edit has set off.
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...2_000, using: &random)))
                round += ", \(fault.rawValue)"
                counts[fault, default: 0] += 1
                if fault.breaksConnections { breaks += 2 }
                try await faults.make(fault, &random)
            }
            try await settle(project)
            let took = ContinuousClock.now - start
            slowest = max(slowest, took)
            let sample = ProcessSample(of: live.pid)
            samples.append(sample)
            print("soak \(rounds): \(round): \(took), \(sample)")
        }
    }

    private mutating func nextFault() -> SoakFault? {
        let open = SoakFault.allCases.filter { !$0.isCrash || crashes < Self.mostCrashes }
        let fault = open.randomElement(using: &random)
        if fault?.isCrash == true { crashes += 1 }
        return fault
    }

    private mutating func edit(_ project: inout SoakProject) async throws {
        let number = rounds
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1, 2:
            round = "program"
            try project.change { $0.word = number }
        case 3:
            round = "page"
            try project.change { $0.page = number }
        case 4:
            round = "setting"
            try project.change { $0.setting = number }
        case 5:
            round = "replicas"
            let replicas = Int.random(in: 1...3, using: &random)
            try project.change { $0.replicas = replicas }
        case 6:
            round = "objects"
            let extra = Int.random(in: 0..<6, using: &random)
            try project.change { $0.extras.formSymmetricDifference([extra]) }
        case 7:
            round = "several"
            try project.change { ($0.word, $0.page, $0.setting) = (number, number, number) }
        case 8:
            round = "sources that do not compile"
            let before = live.last
            try project.make(.sources)
            try await live.wait("build.diagnosed", after: before) { $0["severity"] == "error" }
            try project.change { $0.word = number }
            try project.mend()
        default:
            round = "a manifest that cannot be read"
            let before = live.last
            try project.make(.manifest)
            try await live.wait("plan.failed", after: before)
            try project.mend()
        }
    }

    /// Waits until the cluster is what the files say, and the session says so.
    mutating func settle(_ project: SoakProject) async throws {
        var open = ""
        // What it was waiting for, for a round that takes long.
        var history: [String] = []
        let start = ContinuousClock.now
        let isSettled = await poll(deadline: .seconds(150), every: .milliseconds(100)) {
            let before = open
            open = await whatIsOpen(project.state)
            if open != before { history.append("\(ContinuousClock.now - start): \(open)") }
            return open.isEmpty
        }
        if ContinuousClock.now - start > .seconds(30) {
            print("soak: waited: \(history.suffix(30).joined(separator: "; "))")
        }
        guard isSettled else {
            let tail = live.story.suffix(60).map(\.jsonText)
            throw DevloopError(
                .process,
                "round \(rounds) (\(round)): \(open); the last events:\n\(tail.joined(separator: "\n"))\n\(live.errorText)"
            )
        }
    }

    private mutating func whatIsOpen(_ state: SoakProject.State) async -> String {
        journal.add(live.events)
        for name in SoakProject.workloads where journal.states[name] != "ready" {
            return "\(name) is told to be \(journal.states[name] ?? "nothing") (\(journal.reasons[name] ?? ""))"
        }
        do {
            if let open = try await openPods(state) { return open }
            let maps = try await cluster.client.list(.configMaps, namespace: cluster.namespace).items
                .compactMap { $0.at("metadata", "name")?.string }.filter { $0.hasPrefix("extra-") }.sorted()
            let wanted = (["extra-base"] + state.extras.map { "extra-\($0)" }).sorted()
            if maps != wanted { return "ConfigMaps are \(maps), not \(wanted)" }
        } catch {
            return "\(error)"
        }
        let page = await Address.get(address)
        if page == "page \(state.page)" { return "" }
        return "the page is \(page ?? "not there"), \(await pageInThePod())"
    }

    /// What the file of the page holds there: a kubelet whose own watch has broken mounts an older ConfigMap, and looks
    /// again after a minute only.
    private func pageInThePod() async -> String {
        let pods = try? await cluster.client.list(.pods, namespace: cluster.namespace, labelSelector: "app=page").items
        let names = (pods ?? []).filter { $0.at("metadata", "deletionTimestamp") == nil }
            .compactMap { $0.at("metadata", "name")?.string }
        guard names.count == 1, let name = names.first,
            let result = try? await cluster.client.execute(
                namespace: cluster.namespace, pod: name, container: "page",
                command: ["/bin/busybox", "cat", "/www/index.html"])
        else { return "in \(names.count) Pods" }
        return "in the Pod: \(String(decoding: result.stdout, as: UTF8.self).filter { !$0.isNewline })"
    }

    private func openPods(_ state: SoakProject.State) async throws -> String? {
        let pods = try await cluster.livePods()
        for (name, count) in [("soak", state.replicas), ("page", 1), ("counter", 1)] {
            let mine = pods.filter { $0.at("metadata", "labels", "app")?.string == name }
            if mine.count != count { return "\(mine.count) Pods of \(name), not \(count)" }
            for pod in mine {
                let podName = pod.at("metadata", "name")?.string ?? ""
                if pod.at("status", "containerStatuses")?.array?.allSatisfy({ $0["ready"] == true }) != true {
                    return "\(podName) is not ready"
                }
                if name == "counter" {
                    let value = pod.at("spec", "containers")?.array?.first?["env"]?.array?.first?["value"]?.string
                    if value != String(state.setting) { return "SETTING is \(value ?? "not there")" }
                }
                guard name == "soak" else { continue }
                let last = try await cluster.lastLine(of: podName, container: name)
                if last != "soak \(state.word)" { return "\(podName) says '\(last)', not 'soak \(state.word)'" }
            }
        }
        return nil
    }

    /// Memory, descriptors and threads are at the end what they were after the first fifth.
    func checkResources() { ProcessSample.expectFlat(samples) }

    func sumUp() {
        let faults = counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
        print(
            "soak: \(rounds) rounds, \(journal.served) saves served, \(journal.losses) losses told, "
                + "\(journal.lines) lines of log; slowest round \(slowest); faults: "
                + faults.joined(separator: ", "))
        if let first = samples.first, let last = samples.last { print("soak: at first \(first); at last \(last)") }
    }
}
