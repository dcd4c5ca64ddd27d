// SPDX-License-Identifier: Apache-2.0

import CDevloop
import DevloopTestSupport
import Glibc
import ProcessRunner
import Testing

/// What happens to children when devloop itself is killed: its end of the guardian's socket closes, whatever the cause.
@Suite(.timeLimit(.minutes(1))) struct GuardianTests {
    @Test func endsTheSessionsThatAreStillNoted() async throws {
        let mark = "devloop-mark-\(Int.random(in: 0..<Int.max))"
        var pid: pid_t = 0
        let guardian = dl_guardian_start(&pid)
        #expect(guardian >= 0)

        let script = "sh -c 'trap \"\" TERM; sleep 300; :' $0 & echo $$; wait"
        func start(_ name: String) async throws -> (ProcessChannel, pid_t) {
            let channel = try await ProcessRunner.open(ProcessCommand(["sh", "-c", script, "\(mark)-\(name)"])) { _ in }
            let text = String(decoding: try await channel.receive() ?? [], as: UTF8.self)
            return (channel, try #require(pid_t(text.split(separator: "\n").first ?? "")))
        }
        let (doomed, doomedSession) = try await start("doomed")
        let (spared, sparedSession) = try await start("spared")
        #expect(dl_guardian_note(guardian, doomedSession, 1) == 0)
        #expect(dl_guardian_note(guardian, sparedSession, 1) == 0)
        #expect(dl_guardian_note(guardian, sparedSession, 0) == 0)
        close(guardian)

        #expect(await poll { LiveProcesses.matching("\(mark)-doomed").isEmpty })
        #expect(LiveProcesses.matching("\(mark)-spared").count == 2)
        await doomed.close()
        await spared.close()
        #expect(LiveProcesses.matching(mark).isEmpty)
        // It ends when its work is done.
        #expect(await poll { waitpid(pid, nil, WNOHANG) == pid })
    }

    @Test func holdsNoDescriptorOpen() async throws {
        var pid: pid_t = 0
        let guardian = dl_guardian_start(&pid)
        // It closes what it has inherited soon after its start.
        let isClean = try await poll {
            let list = try await ProcessRunner.run(ProcessCommand(["ls", "-l", "/proc/\(pid)/fd"]))
            let targets = list.outputText.split(separator: "\n").dropFirst().compactMap {
                $0.split(separator: " ").last
            }
            return targets.count == 4 && targets.count { $0 == "/dev/null" } == 3
        }
        #expect(isClean)
        close(guardian)
        #expect(await poll { waitpid(pid, nil, WNOHANG) == pid })
    }
}
