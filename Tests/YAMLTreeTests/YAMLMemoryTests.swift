// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Testing
import YAMLTree

/// The reader owns C memory; texts that are read and texts that fail must give it back.
@Suite(.serialized)
struct YAMLMemoryTests {
    @Test(arguments: [
        "a: &x [1, 2, {b: 'c'}]\nd: *x\n---\ne: |\n  text\n", "a: [1, 'x'\nb: {\n", "a: &x [*x]\n", "a: 1\na: 2\n",
    ])
    func residentMemoryStaysFlat(text: String) throws {
        let bytes = Array(text.utf8)
        func repeatedly(_ count: Int) { for _ in 0..<count { _ = try? YAML.parse(bytes, file: "t.yaml") } }
        var growth: [Int] = []
        for _ in 0..<6 {
            let before = try residentPages()
            repeatedly(5_000)
            growth.append(try residentPages() - before)
        }
        // A leak of one parser (over 1 KiB each) would be 5 MiB in every round; other tests of the run disturb some.
        #expect(try #require(growth.min()) < 256, "pages of 4 KiB: \(growth)")
    }

    private func residentPages() throws -> Int {
        let file = try #require(fopen("/proc/self/statm", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        try #require(fgets(&line, 256, file) != nil)
        let text = line.withUnsafeBufferPointer {
            String(decoding: $0.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        }
        return try #require(Int(text.split(separator: " ")[1]))
    }
}
