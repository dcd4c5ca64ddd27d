// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Glibc
import ProcessRunner
import Testing

@testable import FileWatch

/// What watching costs while nothing happens.
@Suite(.timeLimit(.minutes(5))) struct IdleTests {
    @Test("50,000 files in 5,000 folders cost no wake-up while nothing happens, and each is seen")
    func manyFiles() async throws {
        let folder = try TemporaryDirectory("idle")
        let script = """
            seq 0 4999 | sed 's|.*|big/&|' | xargs mkdir -p
            i=0
            while [ $i -lt 5000 ]; do
                for k in 0 1 2 3 4 5 6 7 8 9; do echo $i $k > big/$i/$k; done
                i=$((i+1))
            done
            """
        let result = try await ProcessRunner.run(ProcessCommand(["sh", "-c", script], directory: folder.path))
        #expect(result.status.isSuccess, "\(result.errorText)")
        let recorder = Recorder(try FileWatcher(roots: [folder("big")]))
        // The folder above tells when the root itself is replaced.
        try #require(recorder.watcher.watchCount == 5_002, "\(recorder.warnings)")
        #expect(await poll(deadline: .seconds(180), every: .milliseconds(50)) { recorder.watcher.isAtRest })
        let before = recorder.watcher.turnCount
        // Whoever has nothing to do is not woken by those who have.
        let small = try TemporaryDirectory("small")
        try small.write("file", "0")
        let other = Recorder(try FileWatcher(roots: [small.path]))
        for number in 1...20 {
            other.clear()
            try small.write("file", "\(number)")
            #expect(await other.sees(small("file"), .modified))
        }
        #expect(recorder.watcher.turnCount == before)
        #expect(recorder.watcher.isAtRest)
        #expect(recorder.changes == [])
        for path in ["big/0/0", "big/4999/9"] {
            try folder.write(path, "changed")
            #expect(await recorder.sees(folder(path), .modified), "\(path)")
        }
        #expect(await poll { recorder.watcher.isAtRest })
    }
}
