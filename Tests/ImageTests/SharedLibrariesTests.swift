// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import ImagePack
import ProcessRunner
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SharedLibrariesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var libraries: [String] = []
        var loader: String?
        var missing: [String] = []
        var testDescription: String { text }
    }

    static let cases: [Case] = [
        Case(text: ""),
        Case(text: "\tstatically linked"),
        // The kernel's own page is no file.
        Case(text: "\tlinux-vdso.so.1 (0x00007ffd5a5f2000)"),
        Case(
            text:
                "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f1c)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f1d)",
            libraries: ["libc.so.6 /lib/x86_64-linux-gnu/libc.so.6"], loader: "/lib64/ld-linux-x86-64.so.2"),
        Case(
            text: "\t/lib/ld-linux-aarch64.so.1 => /usr/lib/ld-linux-aarch64.so.1 (0x0000ffff)",
            loader: "/lib/ld-linux-aarch64.so.1"),
        Case(
            text: "\tlibz.so => /opt/b/libz.so (0x1)\n\tliba.so => /opt/a/liba.so (0x2)",
            libraries: ["liba.so /opt/a/liba.so", "libz.so /opt/b/libz.so"]),
        Case(
            text: "\tlibgone.so.1 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1)",
            libraries: ["libc.so.6 /lib/libc.so.6"], missing: ["libgone.so.1"]),
    ]

    @Test(arguments: cases) func readsWhatLddPrints(_ item: Case) {
        let found = SharedLibraries(parsing: item.text)
        #expect(found.libraries.map { "\($0.name) \($0.path)" } == item.libraries)
        #expect(found.loader == item.loader)
        #expect(found.missing == item.missing)
    }

    @Test func findsThoseOfARealProgram() async throws {
        let found = try await SharedLibraries.of("/bin/ls")
        #expect(found.libraries.contains { $0.name.hasPrefix("libc.so") })
        #expect(found.libraries.allSatisfy { TestFiles.exists($0.path) })
        #expect(found.loader.map(TestFiles.exists) == true)
    }

    @Test func aStaticProgramNeedsNone() async throws {
        let found = try await SharedLibraries.of(BuiltProducts.path("devloop-agent"))
        #expect(found.libraries.isEmpty)
        #expect(found.loader == nil)
    }
}
