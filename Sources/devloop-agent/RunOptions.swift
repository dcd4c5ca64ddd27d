// SPDX-License-Identifier: Apache-2.0

/// The arguments of `run`.
struct RunOptions {
    var appFolder = text(Agent.defaultAppFolder)
    var graceMilliseconds: UInt64 = 5_000
    /// How long the rest of a set that was cut is kept.
    var keepPartsMilliseconds = SyncLimits.keepPartsMilliseconds
    /// The container stays, whenever and however the app ends.
    var staysAfterExit = false
    var probe: ReadinessProbe?
    /// A process of another container, whose files are synced instead of our own; 0 for none. It is no child of ours: it
    /// gets signals, and is never started or ended.
    var neighbour: Int32 = 0
    /// The container's own command: empty only beside a neighbour.
    var command: [Bytes] = []

    /// What paths of change sets begin at.
    var root: Bytes {
        // The last step is a link that only the kernel can follow.
        neighbour > 0 ? text("/proc/") + decimal(UInt64(neighbour)) + text("/root/.") : text("/")
    }

    /// Nil when the arguments make no sense.
    init?(_ arguments: [Bytes]) {
        var check: Bytes?
        var probeArguments: [Bytes] = []
        var headers: [Bytes] = []
        var timeout: UInt64 = 1
        var index = 0
        while index < arguments.count {
            let name = arguments[index]
            if name == text("--") {
                command = [Bytes](arguments[(index + 1)...])
                break
            }
            if name == text("--stay") {
                staysAfterExit = true
                index += 1
                continue
            }
            guard index + 1 < arguments.count else { return nil }
            let value = arguments[index + 1]
            index += 2
            if name == text("--app-dir") {
                appFolder = value
                while appFolder.count > 1, appFolder.last == 0x2F { appFolder.removeLast() }
            } else if name == text("--beside") {
                guard let pid = number(value), (1...4_194_304).contains(pid) else { return nil }
                neighbour = Int32(pid)
            } else if name == text("--grace") {
                guard let seconds = number(value), seconds <= 3_600 else { return nil }
                graceMilliseconds = seconds * 1_000
            } else if name == text("--keep-parts") {
                guard let seconds = number(value), seconds <= 3_600 else { return nil }
                keepPartsMilliseconds = seconds * 1_000
            } else if name == text("--probe") {
                check = value
            } else if name == text("--probe-argument") {
                probeArguments.append(value)
            } else if name == text("--probe-header") {
                headers.append(value)
            } else if name == text("--probe-timeout") {
                guard let seconds = number(value), (1...3_600).contains(seconds) else { return nil }
                timeout = seconds
            } else {
                return nil
            }
        }
        guard command.isEmpty == (neighbour > 0), appFolder.first == 0x2F else { return nil }
        guard let check else { return }
        guard let kind = Self.kind(check, probeArguments, headers) else { return nil }
        probe = ReadinessProbe(kind, timeoutMilliseconds: UInt32(timeout * 1_000))
    }

    private static func kind(_ check: Bytes, _ arguments: [Bytes], _ headers: [Bytes]) -> ReadinessProbe.Kind? {
        guard let colon = check.firstIndex(of: 0x3A) else { return nil }
        let scheme = Bytes(check[..<colon])
        let rest = Bytes(check[(colon + 1)...])
        guard !rest.isEmpty else { return nil }
        if scheme == text("exec") { return .exec([rest] + arguments) }
        if scheme == text("tcp") { return port(rest).map { .tcp(port: $0) } }
        guard scheme == text("http"), let second = rest.firstIndex(of: 0x3A) else { return nil }
        guard let port = port(Bytes(rest[..<second])) else { return nil }
        return .http(port: port, path: Bytes(rest[(second + 1)...]), headers: headers)
    }

    private static func port(_ digits: Bytes) -> UInt16? {
        guard let value = number(digits), (1...65_535).contains(value) else { return nil }
        return UInt16(value)
    }
}
