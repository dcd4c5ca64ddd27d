// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What /proc tells of a process.
enum ProcessFacts {
    /// Resident memory in MB (10^6 bytes).
    static func residentMegabytes(_ pid: Int) throws -> Double {
        for line in try Files.text("/proc/\(pid)/status").split(separator: "\n") where line.hasPrefix("VmRSS:") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count > 1, let kibibytes = Double(words[1]) { return kibibytes * 1_024 / 1_000_000 }
        }
        throw BenchFailure("/proc/\(pid)/status tells no VmRSS")
    }

    /// Lets ``peakMegabytes()`` count from now on (proc(5), `clear_refs`).
    static func resetPeak() { try? Files.overwrite("/proc/self/clear_refs", at: 0, Array("5".utf8)) }

    /// The most memory that this process had resident, in MB (10^6 bytes).
    static func peakMegabytes() throws -> Double {
        for line in try Files.text("/proc/self/status").split(separator: "\n") where line.hasPrefix("VmHWM:") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count > 1, let kibibytes = Double(words[1]) { return kibibytes * 1_024 / 1_000_000 }
        }
        throw BenchFailure("/proc/self/status tells no VmHWM")
    }

    /// Processor time so far, in milliseconds; the kernel counts in steps of 10.
    static func processorMilliseconds(_ pid: Int) throws -> Double {
        let text = try Files.text("/proc/\(pid)/stat")
        guard let end = text.lastIndex(of: ")") else { throw BenchFailure("/proc/\(pid)/stat cannot be read") }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw BenchFailure("/proc/\(pid)/stat cannot be read")
        }
        return (user + system) * 1_000 / Double(sysconf(CInt(_SC_CLK_TCK)))
    }

    /// Processes for which a file of /proc, with spaces for its zero bytes, holds the text.
    static func matching(_ file: String, _ text: String) -> [Int] {
        let wanted = Array(text.utf8)
        return Files.names("/proc").compactMap { Int($0) }.filter { pid in
            guard let bytes = try? Files.read("/proc/\(pid)/\(file)") else { return false }
            return PodClient.holds(bytes.map { $0 == 0 ? 32 : $0 }, wanted)
        }
    }
}

/// Starts a program with its output thrown away, and waits for it.
enum MeasuredRun {
    struct Usage {
        var milliseconds: Double
        var peakMegabytes: Double
        var status: Int32
    }

    static func run(_ arguments: [String], environment: [String: String]) throws -> Usage {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var pid: pid_t = 0
        let start = ContinuousClock.now
        let result = posix_spawn(&pid, arguments[0], &actions, nil, &words, &variables)
        guard result == 0 else { throw BenchFailure("\(arguments[0]): \(String(cString: strerror(result)))") }
        var status: Int32 = 0
        var usage = rusage()
        guard wait4(pid, &status, 0, &usage) == pid else { throw BenchFailure("\(arguments[0]) was lost") }
        return Usage(
            milliseconds: (ContinuousClock.now - start).inMilliseconds,
            peakMegabytes: Double(usage.ru_maxrss) * 1_024 / 1_000_000, status: status)
    }
}
