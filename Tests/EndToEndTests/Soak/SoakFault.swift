// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import KubeClient
import Synchronization

/// What is done to a session and its cluster.
enum SoakFault: String, CaseIterable {
    /// All connections are reset.
    case cut
    /// Nobody answers for a while.
    case outage
    /// Every connection ends after a random number of bytes.
    case cutAtRandomBytes
    /// Every connection stands still after some bytes.
    case hang
    case slow
    /// Bytes that are no TLS.
    case garbage
    case serverKilled
    /// What watches could go on from is forgotten.
    case historyForgotten
    case kubeletKilled
    case podDeleted
    case processKilled

    /// Those that make a container start again; too many of them and Kubernetes waits for minutes before it does.
    var isCrash: Bool { self == .processKilled }
    /// Whether it is felt as a loss of the cluster.
    var breaksConnections: Bool { self != .kubeletKilled && self != .podDeleted && self != .processKilled }
}

/// Does these things.
struct SoakFaults {
    let proxy: FaultProxy
    let mode: Mode
    let cluster: Cluster
    /// In the command lines of the programs in the Pods.
    let token: String

    /// What the proxy does with new connections.
    final class Mode: Sendable {
        private let fault = Mutex(FaultProxy.Fault.none)
        var current: FaultProxy.Fault {
            get { fault.withLock { $0 } }
            set { fault.withLock { $0 = newValue } }
        }
    }

    /// - Parameter random: Decides on times, lengths and victims.
    func make(_ fault: SoakFault, _ random: inout SeededGenerator) async throws {
        let while_ = Duration.milliseconds(Int.random(in: 500...4_000, using: &random))
        switch fault {
        case .cut: proxy.cutAll()
        case .outage:
            proxy.stop()
            proxy.cutAll()
            try await Task.sleep(for: while_)
            try proxy.start()
        case .cutAtRandomBytes:
            let bytes = Int.random(in: 1...60_000, using: &random)
            try await connections(.cut(after: bytes, reset: Bool.random(using: &random)), for: while_)
        case .hang: try await connections(.hang(after: Int.random(in: 0...60_000, using: &random)), for: while_)
        case .slow: try await connections(.slow(milliseconds: 20, piece: 1_000), for: while_)
        case .garbage:
            try await connections(.answer("HTTP/1.1 400 Bad Request\r\n\r\nthis is no TLS\r\n"), for: while_)
        case .serverKilled:
            try OwnCluster.kill("apiserver")
            try OwnCluster.up()
        case .historyForgotten:
            proxy.stop()
            proxy.cutAll()
            let list = try await cluster.client.list(.configMaps, namespace: cluster.namespace)
            try OwnCluster.compact(to: list.resourceVersion)
            // Its watch cache would still know.
            try OwnCluster.kill("apiserver")
            try OwnCluster.up()
            try proxy.start()
        case .kubeletKilled:
            try OwnCluster.kill("kubelet")
            try await Task.sleep(for: while_)
            try OwnCluster.up()
        case .podDeleted:
            let pods = try await cluster.client.list(.pods, namespace: cluster.namespace).items
            guard let name = pods.compactMap({ $0.at("metadata", "name")?.string }).randomElement(using: &random)
            else { return }
            try await cluster.client.delete(.pods, name: name, namespace: cluster.namespace)
        case .processKilled:
            guard let pid = firstProcesses().randomElement(using: &random) else { return }
            kill(pid_t(pid), SIGKILL)
        }
    }

    private func connections(_ fault: FaultProxy.Fault, for time: Duration) async throws {
        mode.current = fault
        proxy.cutAll()
        try await Task.sleep(for: time)
        mode.current = .none
        proxy.cutAll()
    }

    /// The first process of each container, whose end is the container's. (A synced program that ends right after its
    /// start is another case: the agent stays, and waits for the next set.)
    func firstProcesses() -> [Int] {
        let parents = LiveProcesses.parents()
        // devloop, the tests and the compiler have the token in their command lines, too.
        let all = LiveProcesses.matching(token).filter { pid in
            (try? TestFiles.read("/proc/\(pid)/cgroup"))?.contains("pod") == true
        }
        return all.filter { pid in parents[pid].map { !all.contains($0) } ?? false }
    }
}
