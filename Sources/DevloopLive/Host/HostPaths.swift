// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import ProcessRunner

/// Places on this machine.
enum HostPaths {
    static var workingDirectory: String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    /// `${XDG_CACHE_HOME:-~/.cache}/devloop`, made if it is missing; nil when it cannot be.
    static func cache() -> String? {
        let base: String
        if let value = ProcessEnvironment.value("XDG_CACHE_HOME"), value.hasPrefix("/") {
            base = value
        } else if let home = ProcessEnvironment.value("HOME") {
            base = "\(home)/.cache"
        } else {
            return nil
        }
        mkdir(base, 0o755)
        let path = "\(base)/devloop"
        mkdir(path, 0o755)
        return access(path, W_OK) == 0 ? path : nil
    }

    /// A folder in that of ``cache()``, made if it is missing.
    static func cache(_ name: String) -> String? {
        guard let path = cache().map({ "\($0)/\(name)" }) else { return nil }
        mkdir(path, 0o755)
        return access(path, W_OK) == 0 ? path : nil
    }

    /// The folder that images pass through which other programs built.
    static func exports() throws(DevloopError) -> String {
        guard let cache = cache() else {
            throw DevloopError(
                .image, "there is no cache folder to read images through", hint: "set HOME or XDG_CACHE_HOME")
        }
        let path = "\(cache)/exports"
        mkdir(path, 0o700)
        return path
    }

    /// `$TMPDIR`, else `/tmp`.
    static var temporary: String {
        ProcessEnvironment.value("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    }

    /// Whether there is something of that name, be it a link that leads nowhere.
    static func exists(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0
    }

    /// The agent that goes into dev images: beside `devloop`, then in `../libexec/devloop/`, then `DEVLOOP_AGENT`
    /// (design §4.6).
    static func agent() throws(DevloopError) -> String {
        var candidates: [String] = []
        if let program = executable() {
            let folder = directory(program)
            candidates = ["\(folder)/devloop-agent", "\(directory(folder))/libexec/devloop/devloop-agent"]
        }
        if let path = ProcessEnvironment.value("DEVLOOP_AGENT") { candidates.append(path) }
        guard let found = candidates.first(where: { access($0, X_OK) == 0 }) else {
            throw DevloopError(
                .image, "the agent is not installed: looked for \(candidates.joined(separator: ", "))",
                hint: "build the product devloop-agent, or set DEVLOOP_AGENT to its path")
        }
        return found
    }

    static func directory(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func executable() -> String? {
        guard let path = realpath("/proc/self/exe", nil) else { return nil }
        defer { free(path) }
        return String(cString: path)
    }

    /// `ann@laptop, process 4711`: how another session is told who holds a container.
    static func owner() -> String { "\(user)@\(hostName), process \(getpid())" }

    static var user: String { ProcessEnvironment.value("USER") ?? "user" }

    static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
