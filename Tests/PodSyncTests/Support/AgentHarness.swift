// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import Hashing
import PodSync
import SyncProtocol

/// The real agent as a child process, with an app folder and an image of its own in a temporary folder.
final class AgentHarness: Sendable {
    let root: String
    let appFolder: String
    /// Stands for the container's root file system: the image's executable and static files.
    let image: String
    let process: TestProcess

    /// Path of the built program, beside the test bundle.
    static let agent: String = {
        if let path = getenv("DEVLOOP_AGENT") { return String(cString: path) }
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") || $0.contains(".xctest/") }
        var path = bundle ?? ""
        if let range = path.firstRange(of: ".xctest") { path = String(path[..<range.lowerBound]) }
        guard let slash = path.lastIndex(of: "/") else { return "devloop-agent" }
        return path[..<slash] + "/devloop-agent"
    }()

    /// The image's program, the first word of the container's command.
    let program: String

    /// - Parameters:
    ///   - script: what the image's program does: a script for `busybox sh`.
    ///   - binary: name of a `busybox` applet that the image's program is instead, with its arguments.
    ///   - openFiles: soft limit of open files that the container has.
    ///   - root: a folder to go on with, as a container does that was restarted; nil makes a new one.
    init(
        script: String = "exec sleep 1000", binary: [String]? = nil, options: [String] = [], openFiles: Int? = nil,
        root given: String? = nil
    ) throws {
        if let given {
            root = given
        } else {
            var template = Array("/tmp/devloop-sync-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { throw TestError("mkdtemp") }
            root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        appFolder = root + "/app"
        image = root + "/image"
        program = image + "/" + (binary?.first ?? "service")
        if given == nil {
            mkdir(appFolder, 0o755)
            mkdir(image, 0o755)
            let bytes = binary == nil ? Array(Self.script(script).utf8) : Self.busybox
            try writeFile(program, bytes, mode: 0o755)
        }
        // A socket of the container before would be taken for the new one's.
        unlink(appFolder + "/.devloop/socket")
        let arguments = binary.map { Array($0.dropFirst()) } ?? ["argument"]
        let limit = openFiles.map { ["/bin/busybox", "sh", "-c", "ulimit -S -n \($0); exec \"$@\"", "sh"] } ?? []
        process = try TestProcess(
            limit + [Self.agent, "run", "--app-dir", appFolder] + options + ["--", program] + arguments,
            log: root + "/log")
    }

    deinit { process.end() }

    /// Ends everything and removes the folders.
    func remove() {
        process.end()
        removeTree(root)
    }

    static let busybox = readFile("/bin/busybox") ?? []

    static func script(_ body: String) -> String { "#!/bin/busybox sh\n\(body)\n" }

    /// A stream to the agent through `attach`, as exec makes it.
    func attach() async throws -> PipeChannel {
        let socket = appFolder + "/.devloop/socket"
        guard await eventually({ access(socket, F_OK) == 0 }) else { throw TestError("the agent does not listen") }
        return PipeChannel(try TestProcess([Self.agent, "attach", "--app-dir", appFolder]))
    }

    /// A session that has said hello; `wrap` may spoil its stream.
    func connect(
        owner: String = "test", force: Bool = false, wrap: (any ByteChannel) -> any ByteChannel = { $0 }
    ) async throws -> PodSyncSession {
        let session = PodSyncSession(
            channel: wrap(try await attach()), options: .init(hostVersion: "test", owner: owner, force: force))
        _ = try await session.hello()
        return session
    }

    /// Lines that the apps have written to a file of the harness.
    func lines(_ name: String) -> [String] {
        (text(root + "/" + name) ?? "").split(separator: "\n").map(String.init)
    }

    /// Temporary files that are left of a set.
    func leftovers() -> [String] {
        (TestFiles.names(appFolder + "/.devloop/stage") + TestFiles.names(image) + TestFiles.names(appFolder))
            .filter { $0.contains(".devloop-") }
    }

    /// The synced entry executable as a script.
    func entry(_ body: String) -> SyncFile {
        SyncFile(
            destination: appFolder + "/service", bytes: Array(Self.script(body).utf8), mode: 0o755, isEntry: true)
    }
}

func writeFile(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw TestError("cannot create \(path)") }
    defer {
        close(descriptor)
        if mode & 0o111 != 0 { waitForWriters(path) }
    }
    var position = 0
    while position < bytes.count {
        let start = position
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + start }, $0.count - start) }
        guard count > 0 else { throw TestError("cannot write \(path)") }
        position += count
    }
    fchmod(descriptor, mode)
}

/// Waits until nobody has a file open for writing: a child that another test is starting has all our descriptors for a
/// moment, and a program that is open for writing cannot be executed ("Text file busy").
private func waitForWriters(_ path: String) {
    // F_SETLEASE of fcntl(2): a lease for reading is only given where nobody writes.
    let setLease: Int32 = 1_024
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    for _ in 0..<400 {
        if fcntl(descriptor, setLease, F_RDLCK) == 0 {
            _ = fcntl(descriptor, setLease, F_UNLCK)
            return
        }
        poll(nil, 0, 5)
    }
}

/// Content of a file; nil when there is none.
func readFile(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return bytes }
        bytes += buffer[..<count]
    }
}

func text(_ path: String) -> String? { readFile(path).map { String(decoding: $0, as: UTF8.self) } }

func fileMode(_ path: String) -> mode_t {
    var info = stat()
    return stat(path, &info) == 0 ? info.st_mode & 0o7777 : 0
}

func removeTree(_ path: String) {
    for name in TestFiles.names(path) { removeTree(path + "/" + name) }
    if unlink(path) != 0 { rmdir(path) }
}

/// Bytes that do not compress and differ for each seed.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        for index in 0..<count {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            buffer[index] = UInt8(truncatingIfNeeded: state)
        }
        filled = count
    }
}
