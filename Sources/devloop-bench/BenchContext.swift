// SPDX-License-Identifier: Apache-2.0

import Glibc
import ProcessRunner

/// Where things are, and how programs are started.
struct BenchContext: Sendable {
    /// The clone.
    var root: String
    /// Copies of what is edited; kept, so that the next run need not compile all of it.
    var work: String
    var program: String
    var saves: Int
    /// The same for every program and every run: a build plans anew when any variable changes.
    var environment: [String: String]

    init(root: String, saves: Int) throws {
        guard let real = realpath("/proc/self/exe", nil), let clone = realpath(root, nil) else {
            throw BenchFailure("there is no \(root)")
        }
        defer {
            free(real)
            free(clone)
        }
        let path = String(cString: real)
        program = path[...(path.lastIndex(of: "/") ?? path.startIndex)] + "devloop"
        guard access(program, X_OK) == 0 else { throw BenchFailure("there is no \(program): build devloop first") }
        self.root = String(cString: clone)
        self.saves = saves
        guard let kubeconfig = ProcessEnvironment.value("KUBECONFIG") else {
            throw BenchFailure("KUBECONFIG is not set; scripts/bench sets it")
        }
        let home = ProcessEnvironment.value("HOME") ?? "/root"
        let cache = ProcessEnvironment.value("XDG_CACHE_HOME") ?? "\(home)/.cache"
        work = "\(cache)/devloop/bench"
        environment = [
            "HOME": home, "KUBECONFIG": kubeconfig, "LANG": "C.UTF-8", "XDG_CACHE_HOME": cache,
            "PATH": ProcessEnvironment.value("PATH") ?? "/usr/bin:/bin", "SWIFT_DETERMINISTIC_HASHING": "1",
        ]
    }

    /// Copies the workloads anew, undoing what an earlier run edited.
    func prepare() throws {
        try Files.makeDirectory(work)
        try Files.mirror("\(root)/specs/bench", to: "\(work)/specs")
        try Files.mirror("\(root)/specs/bench/tiny", to: "\(work)/tiny-plain")
        try Files.mirror("\(root)/services", to: "\(work)/delinkcious/services")
        try Files.mirror("\(root)/k8s", to: "\(work)/delinkcious/k8s")
        try Files.mirror("\(root)/services", to: "\(work)/services-plain")
    }

    /// Text for people goes to standard error, the answer to standard output.
    func say(_ text: String) { Self.say(text) }

    static func say(_ text: String) {
        let bytes = Array("\(text)\n".utf8)
        _ = write(2, bytes, bytes.count)
    }
}
