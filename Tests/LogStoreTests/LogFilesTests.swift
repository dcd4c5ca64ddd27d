// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogStore
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LogFilesTests {
    /// A folder of its own, removed afterwards.
    private func withFolder(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/devloop-logs-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } != nil }
        try #require(made)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            let names = (0..<3).map { $0 == 0 ? "" : ".\($0)" }
            for base in ["api", "_.._etc_passwd"] { for name in names { unlink("\(folder)/logs/\(base).log\(name)") } }
            rmdir("\(folder)/logs")
            rmdir(folder)
        }
        try body(folder)
    }

    private func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    @Test func keepsWhatMemoryEvicts() throws {
        try withFolder { folder in
            let store = LogStore(budget: 256 * 1024, sink: LogFiles(folder: "\(folder)/logs"))
            store.setSecrets([Array("hunter2".utf8)])
            for number in 0..<10_000 { store.append(Array("hunter2 \(number)".utf8), source: "api", time: 0) }
            #expect(store.counts(.all).evicted > 0)
            let path = try #require(store.fullLogPath(.source("api")))
            #expect(path == "\(folder)/logs/api.log")
            #expect(read(path) == (0..<10_000).map { "[redacted] \($0)\n" }.joined())
        }
    }

    @Test func rotatesAndCountsWhatIsDeleted() throws {
        try withFolder { folder in
            let files = LogFiles(folder: "\(folder)/logs", fileSize: 100)
            for number in 0..<10 {
                files.write(Array((String(repeating: "\(number)", count: 59) + "\n").utf8), source: "api")
            }
            #expect(read("\(folder)/logs/api.log")?.hasPrefix("9") == true)
            #expect(read("\(folder)/logs/api.log.1")?.hasPrefix("8") == true)
            #expect(read("\(folder)/logs/api.log.2")?.hasPrefix("7") == true)
            #expect(files.rotatedAwayBytes == 7 * 60)
            #expect(files.failedBytes == 0)
        }
    }

    @Test func aNameFromASpecCannotLeaveTheFolder() throws {
        try withFolder { folder in
            let files = LogFiles(folder: "\(folder)/logs")
            files.write(Array("x\n".utf8), source: "../etc/passwd")
            #expect(files.path(of: "../etc/passwd") == "\(folder)/logs/_.._etc_passwd.log")
            #expect(read("\(folder)/logs/_.._etc_passwd.log") == "x\n")
        }
    }

    @Test func countsWhatCannotBeWritten() {
        let files = LogFiles(folder: "/proc/nowhere/logs")
        files.write([0x78, 0x0A], source: "api")
        #expect(files.failedBytes == 2)
    }
}
