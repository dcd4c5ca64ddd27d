// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ElfFiles
import Testing

@testable import ImagePack

/// What comes along onto a base, and on which bases a program cannot run.
@Suite(.timeLimit(.minutes(1)))
struct RuntimeChoiceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var base: [String: BaseLibraries.Item]
        var coming: [String] = []
        var hasLoader = false
        /// Words of the error.
        var refusal: String?
    }

    /// A program that needs libc, libz with a version, and libswiftCore, which has none.
    private static let needs = [
        RuntimeChoice.Need(
            file: "web", versions: ["libc.so.6": ["GLIBC_2.34", "GLIBC_2.2.5"], "libz.so.1": ["ZLIB_1.2.9"]]),
        RuntimeChoice.Need(file: "libz.so.1", versions: ["libc.so.6": ["GLIBC_2.14"]]),
        RuntimeChoice.Need(
            file: "libswiftCore.so", versions: ["libc.so.6": ["GLIBC_2.36"], "libm.so.6": ["GLIBC_2.29"]]),
    ]
    private static let folder = "usr/lib/x86_64-linux-gnu"
    private static let modern: [String: BaseLibraries.Item] = [
        "\(folder)/libc.so.6": .library(["GLIBC_2.2.5", "GLIBC_2.14", "GLIBC_2.34", "GLIBC_2.36", "GLIBC_2.38"]),
        "\(folder)/libm.so.6": .library(["GLIBC_2.29"]),
    ]

    static let cases: [Case] = [
        Case(
            testDescription: "nothing at all", base: [:],
            coming: ["libc.so.6", "libm.so.6", "libswiftCore.so", "libz.so.1"], hasLoader: true),
        Case(
            testDescription: "musl",
            base: ["lib/libc.musl-x86_64.so.1": .library([]), "lib/libz.so.1": .library(["ZLIB_1.2.9"])],
            coming: ["libc.so.6", "libm.so.6", "libswiftCore.so", "libz.so.1"], hasLoader: true),
        Case(testDescription: "a newer glibc alone", base: modern, coming: ["libswiftCore.so", "libz.so.1"]),
        Case(
            testDescription: "zlib that will do, behind a link",
            base: modern.merging([
                "\(folder)/libz.so.1": .link("\(folder)/libz.so.1.3"),
                "\(folder)/libz.so.1.3": .library(["ZLIB_1.2.9"]),
            ]) { $1 }, coming: ["libswiftCore.so"]),
        Case(
            testDescription: "zlib that is too old",
            base: modern.merging(["\(folder)/libz.so.1": .library(["ZLIB_1.2.0"])]) { $1 },
            coming: ["libswiftCore.so", "libz.so.1"]),
        Case(
            testDescription: "a library that does not say what it can do",
            base: modern.merging(["usr/lib/libswiftCore.so": .library([])]) { $1 },
            coming: ["libswiftCore.so", "libz.so.1"]),
        Case(
            testDescription: "an older glibc",
            base: [
                "lib/x86_64-linux-gnu/libc.so.6": .library(["GLIBC_2.2.5", "GLIBC_2.14", "GLIBC_2.31", "GLIBC_PRIVATE"])
            ],
            refusal: "the base old:1 has GLIBC_2.31, and web needs GLIBC_2.34 of libc.so.6"),
        Case(
            testDescription: "new enough for the program, not for a library that comes along",
            base: ["lib/x86_64-linux-gnu/libc.so.6": .library(["GLIBC_2.2.5", "GLIBC_2.14", "GLIBC_2.34"])],
            refusal: "the base old:1 has GLIBC_2.34, and libswiftCore.so needs GLIBC_2.36 of libc.so.6"),
    ]

    @Test(arguments: cases) func choosesWhatComesAlong(_ item: Case) throws {
        var found = SharedLibraries(parsing: "")
        found.libraries = ["libc.so.6", "libm.so.6", "libswiftCore.so", "libz.so.1"].map { ($0, "/host/\($0)") }
        found.loader = "/lib64/ld-linux-x86-64.so.2"
        let choice = RuntimeChoice(found, base: "old:1", has: BaseLibraries(items: item.base), needs: Self.needs)
        guard let refusal = item.refusal else {
            let chosen = try choice.libraries()
            #expect(chosen.libraries.map(\.name) == item.coming)
            #expect((chosen.loader != nil) == item.hasLoader)
            return
        }
        let error = #expect(throws: DevloopError.self) { try choice.libraries() }
        #expect(error?.message == refusal)
        #expect(error?.hint == "choose a base with GLIBC_2.36 or newer, or leave base out")
    }

    @Test func aBaseThatCannotBeReadIsToldUnlessNothingIsNeeded() throws {
        let unknown = BaseLibraries(items: [:], isComplete: false)
        var found = SharedLibraries(parsing: "")
        #expect(try RuntimeChoice(found, base: "z", has: unknown, needs: []).libraries() == found)
        found.loader = "/lib64/ld-linux-x86-64.so.2"
        let error = #expect(throws: DevloopError.self) {
            try RuntimeChoice(found, base: "z", has: unknown, needs: []).libraries()
        }
        #expect(error?.message.contains("zstd") == true)
    }

    @Test func layersHideEachOther() {
        var all = BaseLibraries(items: [
            "lib/liba.so": .library(["A"]), "usr/lib/libb.so": .library(["B"]), "lib/libc.so": .library(["C"]),
        ])
        all.apply(
            BaseLibraries(items: ["lib/liba.so": .removed, "usr/lib": .removed, "usr/lib/libd.so": .library(["D"])]))
        #expect(all.versions(of: "liba.so") == nil)
        #expect(all.versions(of: "libb.so") == nil)
        #expect(all.versions(of: "libc.so") == ["C"])
        #expect(all.versions(of: "libd.so") == ["D"])
        all.apply(BaseLibraries(items: ["lib/libc.so": .link("lib/nowhere"), "lib/liba.so": .link("lib/liba.so")]))
        #expect(all.versions(of: "libc.so") == nil)
        #expect(all.versions(of: "liba.so") == nil)
    }

    /// Files of this machine whose tables the binutils of the system know too.
    @Test(arguments: ["libc.so.6", "libm.so.6", "libz.so.1", "libcurl.so.4"])
    func versionsAreThoseThatReadelfShows(_ name: String) async throws {
        let listing = TestProgram.run(["ldconfig", "-p"]).output
        let line = try #require(listing.split(separator: "\n").first { $0.contains("\t\(name) ") && $0.contains("64") })
        let path = try #require(line.split(separator: " ").last.map(String.init))
        let file = try #require(ElfFile(path: path))
        let text = TestProgram.run(["readelf", "-VW", path]).output
        var defined: Set<String> = []
        var needed: [String: Set<String>] = [:]
        var library = ""
        var isDefinition = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("Version definition") { isDefinition = true }
            if line.hasPrefix("Version needs") { isDefinition = false }
            let words = line.split(separator: " ")
            func word(after label: String) -> String? {
                words.firstIndex { $0 == label }.flatMap { $0 + 1 < words.count ? String(words[$0 + 1]) : nil }
            }
            if let file = word(after: "File:") { library = file }
            guard let name = word(after: "Name:") else { continue }
            if isDefinition {
                if word(after: "Flags:") != "BASE" { defined.insert(name) }
            } else if !line.contains("WEAK") {
                needed[library, default: []].insert(name)
            }
        }
        #expect(!defined.isEmpty)
        #expect(file.definedVersions == defined)
        #expect(file.neededVersions == needed)
    }

    @Test func damagedFilesAreNoTrouble() throws {
        let whole = Array(try SmallFile.read("/lib64/ld-linux-x86-64.so.2"))
        #expect(ElfFile(bytes: whole)?.definedVersions.contains("GLIBC_2.2.5") == true)
        for length in [0, 63, 64, 100, 1000, whole.count / 2] {
            _ = ElfFile(bytes: Array(whole[..<length])).map {
                ($0.definedVersions, $0.neededVersions, $0.sections(["x"]))
            }
        }
        // Each byte of the header and the program headers in turn.
        for index in stride(from: 4, to: 512, by: 3) {
            var bytes = whole
            bytes[index] = 0xFF
            let file = ElfFile(bytes: bytes)
            _ = (file?.definedVersions, file?.neededVersions, file?.note(3), file?.sections([".text"]))
        }
    }
}
