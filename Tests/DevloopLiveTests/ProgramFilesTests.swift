// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Hashing
import LoopEngine
import SyncProtocol
import Testing

@testable import DevloopLive
@testable import PodSync

@Suite struct ProgramFilesTests {
    private static func state(running digest: ContentDigest) -> ContainerState {
        ContainerState(
            AgentState(
                set: 1, isDirty: false, app: .running, pid: 7, runningSet: 1, executable: digest.bytes, uptime: 0), [])
    }

    @Test("S15 a program whose build folder is gone stays where it runs, and is not said to be elsewhere")
    func missing() throws {
        let folder = try TemporaryDirectory("program")
        let path = try folder.write("web", "program")
        let digest = SHA256.digest(of: Array("program".utf8))
        var entry = SyncSet.File(
            source: path, destination: "/devloop/app/web", isExecutable: true, isEntry: true)
        entry.digest = digest.hex
        let set = SyncSet(files: [entry])
        let same = Self.state(running: digest)
        let other = Self.state(running: SHA256.digest(of: [1]))
        #expect(try ProgramFiles.missing(of: set, state: other) == nil)
        TestFiles.remove(path)
        #expect(try ProgramFiles.missing(of: set, state: same) == path)
        let error = #expect(throws: DevloopError.self) { try ProgramFiles.missing(of: set, state: other) }
        #expect(error?.code == .sync)
        #expect(error?.message == "\(path) is gone, and the container does not have it")
    }
}
