// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import HTTPTransport
import PortForward
import ProcessRunner
import Synchronization
import Testing

@testable import KubeClient

/// The real API server behind a proxy that cuts, hangs and refuses: every layer survives, converges, and does not turn in
/// circles while it waits.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct ClusterFaultTests {
    /// The real cluster, reached through a proxy.
    private struct Proxied {
        let client: KubeClient
        let proxy: FaultProxy

        init(
            watchSeconds: ClosedRange<Int> = 55...75,
            _ plan: @escaping @Sendable (Int) -> FaultProxy.Fault = { _ in .none }
        ) throws {
            var config = try ClusterFixture.config()
            let server = try config.select().cluster.server
            let target = try #require(server.split(separator: ":").last.flatMap { Int($0) })
            proxy = try FaultProxy(to: target, plan)
            for index in config.clusters.indices {
                config.clusters[index].server = "https://127.0.0.1:\(proxy.port)"
            }
            // The file names the server itself: it must not be found there.
            config.files = []
            client = try KubeClient(config: config, watchSeconds: watchSeconds)
        }
    }

    /// Cuts each of the first connections somewhere, by a reset or in order; what comes later is left alone.
    private static func cuts(_ count: Int, from least: Int, to most: Int) -> @Sendable (Int) -> FaultProxy.Fault {
        { number in
            number < count ? .cut(after: .random(in: least...most), reset: Bool.random()) : .none
        }
    }

    // MARK: watch

    /// A hundred changes while the connection is cut again and again: what is reported makes up what is there, and no
    /// version of an object is reported twice.
    @Test func aFollowerConvergesThroughCuts() async throws {
        try await ClusterFixture.run("cuts") { fixture in
            let proxied = try Proxied(Self.cuts(25, from: 3_000, to: 30_000))
            defer { proxied.proxy.stop() }
            let board = Mutex(Board())
            let follower = Task {
                for await event in proxied.client.follow(.configMaps, namespace: fixture.namespace) {
                    board.withLock { $0.take(event) }
                }
            }
            for number in 0..<100 {
                let name = "map-\(number % 10)"
                if number % 7 == 6 {
                    try await fixture.client.delete(.configMaps, name: name, namespace: fixture.namespace)
                } else {
                    _ = try await fixture.client.apply(
                        [
                            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)],
                            "data": [
                                "step": .string(String(number)), "fill": .string(String(repeating: "x", count: 500)),
                            ],
                        ], namespace: fixture.namespace)
                }
                if number % 20 == 19 { proxied.proxy.cutAll() }
            }
            let want = try await fixture.client.list(.configMaps, namespace: fixture.namespace).items
            let converged = await poll(deadline: .seconds(60)) {
                board.withLock { $0.versions } == Board.versions(want)
            }
            #expect(converged)
            follower.cancel()
            await follower.value
            board.withLock { board in
                #expect(board.faults.isEmpty, "\(board.faults)")
                #expect(board.interruptions > 0)
            }
        }
    }

    /// What a follower has reported.
    private struct Board {
        var versions: [String: String] = [:]
        var seen: Set<String> = []
        var faults: [String] = []
        var interruptions = 0

        static func versions(_ objects: [JSONValue]) -> [String: String] {
            Dictionary(uniqueKeysWithValues: objects.map { (uid($0), version($0)) })
        }

        private static func uid(_ object: JSONValue) -> String { object.at("metadata", "uid")?.string ?? "" }
        private static func version(_ object: JSONValue) -> String {
            object.at("metadata", "resourceVersion")?.string ?? ""
        }

        mutating func take(_ event: FollowEvent) {
            switch event {
            case .added(let object):
                if versions.updateValue(Self.version(object), forKey: Self.uid(object)) != nil {
                    faults.append("added twice")
                }
                note(object)
            case .modified(let object):
                if versions.updateValue(Self.version(object), forKey: Self.uid(object)) == nil {
                    faults.append("modified before it was added")
                }
                note(object)
            case .deleted(let object):
                if versions.removeValue(forKey: Self.uid(object)) == nil { faults.append("deleted twice") }
            case .disconnected: interruptions += 1
            case .connected, .synced: break
            }
        }

        private mutating func note(_ object: JSONValue) {
            if !seen.insert("\(Self.uid(object))@\(Self.version(object))").inserted { faults.append("reported twice") }
        }
    }

    /// A server that takes the watch and then says nothing more, not even its end, is left for another connection.
    @Test func aWatchThatHangsIsOpenedAgain() async throws {
        try await ClusterFixture.run("hang") { fixture in
            // The first connection carries the list, the second the watch.
            let proxied = try Proxied(watchSeconds: 1...1) { number in number == 1 ? .hang(after: 4_500) : .none }
            defer { proxied.proxy.stop() }
            let seen = Mutex<(added: Set<String>, breaks: Int)>(([], 0))
            let follower = Task {
                for await event in proxied.client.follow(.configMaps, namespace: fixture.namespace) {
                    seen.withLock { seen in
                        if case .added(let object) = event {
                            seen.added.insert(object.at("metadata", "name")?.string ?? "")
                        }
                        if case .disconnected = event { seen.breaks += 1 }
                    }
                }
            }
            var want: Set<String> = []
            let broken = try await poll(deadline: .seconds(40), every: .milliseconds(300)) {
                let name = "map-\(want.count)"
                want.insert(name)
                _ = try await fixture.client.apply(
                    ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)]],
                    namespace: fixture.namespace)
                return seen.withLock { $0.breaks > 0 }
            }
            #expect(broken)
            #expect(await poll { seen.withLock { $0.added.isSuperset(of: want) } })
            follower.cancel()
            await follower.value
        }
    }

    enum Outage: CaseIterable, CustomTestStringConvertible {
        case refused, reset, halfClosed, slow
        var testDescription: String { "\(self)" }

        @Sendable func fault(_ number: Int) -> FaultProxy.Fault {
            switch self {
            case .refused: .none
            case .reset: .refuse
            case .halfClosed: .halfClose(after: 3_000)
            case .slow: .slow(milliseconds: 5, piece: 700)
            }
        }
    }

    /// While the server is away for seconds, tries are few and cost next to no time; when it is back, all is well.
    @Test(arguments: Outage.allCases) func anOutageIsNoBusyLoop(_ outage: Outage) async throws {
        try await ClusterFixture.run("outage") { fixture in
            let isOut = Mutex(true)
            let proxied = try Proxied { number in isOut.withLock { $0 } ? outage.fault(number) : .none }
            defer { proxied.proxy.stop() }
            if outage == .refused { proxied.proxy.stop() }
            let events = Mutex<(connected: Int, disconnected: Int, added: Int)>((0, 0, 0))
            let follower = Task {
                for await event in proxied.client.follow(.configMaps, namespace: fixture.namespace) {
                    events.withLock { events in
                        switch event {
                        case .connected: events.connected += 1
                        case .disconnected: events.disconnected += 1
                        case .added: events.added += 1
                        default: break
                        }
                    }
                }
            }
            let before = ProcessTime.used()
            let start = ContinuousClock.now
            if outage == .slow {
                #expect(await poll(deadline: .seconds(30)) { events.withLock { $0.connected } == 1 })
            } else {
                #expect(await poll(deadline: .seconds(30)) { events.withLock { $0.disconnected } >= 5 })
                // Five tries with growing pauses: less than a second would be no pauses, and each costs little.
                #expect(ContinuousClock.now - start > .milliseconds(900))
                #expect(proxied.proxy.connections <= 25)
            }
            print("\(outage): \(ProcessTime.used() - before) of processor time in \(ContinuousClock.now - start)")
            isOut.withLock { $0 = false }
            if outage == .refused { try proxied.proxy.start() }
            proxied.proxy.cutAll()
            _ = try await fixture.client.apply(
                ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "new"]], namespace: fixture.namespace)
            #expect(await poll(deadline: .seconds(30)) { events.withLock { $0.added > 0 && $0.connected > 0 } })
            follower.cancel()
            await follower.value
        }
    }

    // MARK: logs

    /// Twenty thousand lines through a connection that is cut a dozen times: each comes once and in order.
    @Test func aLogComesWholeThroughCuts() async throws {
        try await ClusterFixture.run("log-cuts") { fixture in
            let total = 20_000
            try await fixture.start(
                "main",
                ["/bin/busybox", "sh", "-c", "i=0; while [ $i -lt \(total) ]; do echo line $i; i=$((i+1)); done"])
            let proxied = try Proxied(Self.cuts(24, from: 5_000, to: 200_000))
            defer { proxied.proxy.stop() }
            var next = 0
            var breaks = 0
            let follower = proxied.client.followLogs(namespace: fixture.namespace, pod: "main", container: "main")
            for await event in follower {
                switch event {
                case .line(let line):
                    let text = String(decoding: line.text, as: UTF8.self)
                    guard text == "line \(next)" else {
                        Issue.record("'line \(next)' and not '\(text)'")
                        return
                    }
                    next += 1
                case .interrupted: breaks += 1
                }
            }
            #expect(next == total)
            #expect(breaks > 0)
            print("a log through \(breaks) cuts: \(proxied.proxy.connections) connections")
        }
    }

    /// Four Pods write as fast as the node takes it; nothing of it is missing, doubled or out of order.
    @Test func fourPodsLoseNoLine() async throws {
        try await ClusterFixture.run("flood") { fixture in
            // Below 10 MiB a Pod, where the kubelet would rotate the file. The container stays: of one that ends at once,
            // containerd itself drops what is still in the pipe.
            let total = 120_000
            let names = (0..<4).map { "pod-\($0)" }
            for name in names {
                try await fixture.start(name, ["/bin/busybox", "sh", "-c", "seq 1 \(total); sleep 3600"])
            }
            let start = ContinuousClock.now
            try await withThrowingDiscardingTaskGroup { group in
                for name in names {
                    group.addTask {
                        var last = 0
                        let follower = fixture.client.followLogs(
                            namespace: fixture.namespace, pod: name, container: "main")
                        for await event in follower {
                            guard case .line(let line) = event else { continue }
                            let number = Int(String(decoding: line.text, as: UTF8.self))
                            guard number == last + 1 else {
                                Issue.record(
                                    "\(name): after \(last) came \(String(decoding: line.text, as: UTF8.self))")
                                return
                            }
                            last += 1
                            if last == total { break }
                        }
                        #expect(last == total)
                    }
                }
            }
            print("four Pods: \(Int(Double(4 * total) / ((ContinuousClock.now - start) / .seconds(1)))) lines/s")
        }
    }

    /// A line of 100,000 bytes, which the runtime keeps in pieces, is one line.
    @Test func aLongLineIsOneLine() async throws {
        try await ClusterFixture.run("long") { fixture in
            try await fixture.start(
                "main", ["/bin/busybox", "sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; echo; echo end"])
            var lines: [LogLine] = []
            let follower = fixture.client.followLogs(namespace: fixture.namespace, pod: "main", container: "main")
            for await event in follower { if case .line(let line) = event { lines.append(line) } }
            #expect(lines.map(\.text.count) == [100_000, 3])
            #expect(lines.first?.text.allSatisfy { $0 == UInt8(ascii: "x") } == true)
        }
    }

    /// A container that crashes at once and is started again: both runs are read, each as what it is.
    @Test func theRunBeforeACrashIsRead() async throws {
        try await ClusterFixture.run("crash") { fixture in
            let script = "if [ -e /data/x ]; then echo second; exec sleep 3600; fi; touch /data/x; echo first; exit 3"
            try await fixture.create([
                "apiVersion": "v1", "kind": "Pod",
                "metadata": ["name": "main", "namespace": .string(fixture.namespace)],
                "spec": [
                    "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": false,
                    "volumes": [["name": "data", "emptyDir": [:]]],
                    "containers": [
                        [
                            "name": "main", "image": .string(ClusterFixture.image), "imagePullPolicy": "IfNotPresent",
                            "command": ["/bin/busybox", "sh", "-c", .string(script)],
                            "volumeMounts": [["name": "data", "mountPath": "/data"]],
                        ]
                    ],
                ],
            ])
            var lives: [String] = []
            try await eventually("the container has been started again") {
                let status = try await fixture.client.get(.pods, name: "main", namespace: fixture.namespace)
                    .at("status", "containerStatuses")?[0]
                let before = status?.at("lastState", "terminated", "containerID")?.string
                guard let before, let now = status?["containerID"]?.string, before != now else { return false }
                lives = [before, now]
                return true
            }
            for (life, want) in zip(lives, ["first", "second"]) {
                var lines: [String] = []
                let follower = fixture.client.followLogs(
                    namespace: fixture.namespace, pod: "main", container: "main", life: life)
                for await event in follower {
                    if case .line(let line) = event { lines.append(String(decoding: line.text, as: UTF8.self)) }
                    // It goes on.
                    if lines == ["second"] { break }
                }
                #expect(lines == [want])
            }
        }
    }

    // MARK: exec and port-forward

    @Test func aBrokenExecIsToldAndTheNextOneWorks() async throws {
        try await ClusterFixture.run("exec-cuts") { fixture in
            try await fixture.start("main", ["/bin/busybox", "sleep", "3600"])
            for reset in [true, false] {
                let proxied = try Proxied { number in number == 0 ? .cut(after: 60_000, reset: reset) : .none }
                defer { proxied.proxy.stop() }
                func exec() async throws -> ExecSession {
                    try await proxied.client.exec(
                        namespace: fixture.namespace, pod: "main", container: "main",
                        command: [
                            "/bin/busybox", "sh", "-c", "while true; do echo 0123456789012345678901234567890; done",
                        ])
                }
                let broken = try await exec()
                var count = 0
                let error = await #expect(throws: DevloopError.self) {
                    while let bytes = try await broken.receive() { count += bytes.count }
                }
                #expect(error?.code == .clusterUnreachable)
                #expect(error?.httpFailure?.kind == .interrupted)
                #expect(count > 0)
                #expect(broken.status == nil)
                await broken.close()
                let next = try await exec()
                count = 0
                while count < 200_000, let bytes = try await next.receive() { count += bytes.count }
                #expect(count >= 200_000)
                await next.close()
            }
        }
    }

    /// A client of a forwarded port whose connection breaks sees its end; the next one is served.
    @Test func aForwardSurvivesItsConnections() async throws {
        try await ClusterFixture.run("forward-cuts") { fixture in
            try await fixture.start(
                "main",
                [
                    "/bin/busybox", "sh", "-c",
                    "mkdir /www; head -c 300000 /dev/zero > /www/file; exec busybox httpd -f -p 7000 -h /www",
                ])
            // Odd connections break in the middle.
            let proxied = try Proxied { number in
                number % 2 == 0 ? .cut(after: 100_000, reset: number % 4 == 0) : .none
            }
            defer { proxied.proxy.stop() }
            let forwarder = Forwarder(listeners: try LocalListener.all(host: "localhost", port: 0)) {
                try await proxied.client.portForward(namespace: fixture.namespace, pod: "main", port: 7_000)
            }
            let http = try HTTPClient()
            var outcomes: [String] = []
            for _ in 0..<6 {
                do {
                    let request = HTTPRequest(
                        "http://127.0.0.1:\(forwarder.port)/file", headers: ["Connection": "close"],
                        deadline: .seconds(20))
                    outcomes.append("\(try await http.send(request).body.count)")
                } catch {
                    outcomes.append("\(error.httpFailure?.kind ?? .invalid)")
                }
            }
            #expect(outcomes == ["interrupted", "300000", "interrupted", "300000", "interrupted", "300000"])
            // Nobody listens there: the client waits until its deadline, and is told by the end of its connection.
            await forwarder.close()
            #expect(await poll { proxied.proxy.openConnections == 0 })
        }
    }

    /// Requests share a connection. When its far side has gone without a word, one request pays for that, not all.
    @Test func requestsLeaveAConnectionThatHangs() async throws {
        let proxied = try Proxied { number in number == 0 ? .hang(after: 6_000) : .none }
        defer { proxied.proxy.stop() }
        func ask() async throws { _ = try await proxied.client.perform(.init("/version", deadline: .seconds(2))) }
        var failures: [HTTPFailure.Kind] = []
        for _ in 0..<40 {
            do {
                try await ask()
            } catch {
                failures.append(error.httpFailure?.kind ?? .invalid)
            }
        }
        #expect(failures == [.timeout])
        #expect(proxied.proxy.connections == 2)
    }

    // MARK: overload

    /// The real API server, but every other answer is 429 or 503 for a while.
    @Test func stormsOfRefusalPass() async throws {
        try await ClusterFixture.run("storm") { fixture in
            try await PlainGateway.run { port in
                let left = Mutex(30)
                let proxy = try FaultProxy(to: port) { number in
                    let isStorm = left.withLock { left in
                        left -= 1
                        return left > 0
                    }
                    guard isStorm, number % 2 == 0 else { return .none }
                    let status = number % 4 == 0 ? "429 Too Many Requests\r\nRetry-After: 0" : "503 Unavailable"
                    return .answer("HTTP/1.1 \(status)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                }
                defer { proxy.stop() }
                let text = """
                    current-context: x
                    clusters: [{name: c, cluster: {server: 'http://127.0.0.1:\(proxy.port)'}}]
                    contexts: [{name: x, context: {cluster: c, user: ''}}]
                    """
                let config = try KubeConfig(parsing: Array(text.utf8), file: "/k/config")
                let added = Mutex<Set<String>>([])
                let follower = Task {
                    let client = try KubeClient(config: config)
                    for await event in client.follow(.configMaps, namespace: fixture.namespace) {
                        if case .added(let object) = event {
                            _ = added.withLock { $0.insert(object.at("metadata", "name")?.string ?? "") }
                        }
                    }
                }
                for number in 0..<10 {
                    // A client, and so a connection, of its own: each goes through its own part of the storm.
                    _ = try await KubeClient(config: config).apply(
                        ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string("map-\(number)")]],
                        namespace: fixture.namespace)
                }
                #expect(await poll(deadline: .seconds(30)) { added.withLock { $0.count } >= 10 })
                follower.cancel()
                _ = await follower.result
            }
        }
    }
}

/// `kubectl proxy`: the real API server without TLS, so that a proxy can speak in its place.
private enum PlainGateway {
    static func run(_ body: (Int) async throws -> Void) async throws {
        let gateway = try await ProcessRunner.open(
            ProcessCommand(["kubectl", "proxy", "--port=0", "--address=127.0.0.1"]), onError: { _ in })
        do {
            var text = ""
            while !text.contains("\n"), let bytes = try await gateway.receive() {
                text += String(decoding: bytes, as: UTF8.self)
            }
            // Starting to serve on 127.0.0.1:37041
            let port = try #require(
                text.split(separator: "\n").first?.split(separator: ":").last.flatMap { Int($0) }, "\(text)")
            try await body(port)
        } catch {
            await gateway.close()
            throw error
        }
        await gateway.close()
    }
}

/// Processor time that this process has used.
enum ProcessTime {
    static func used() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
