// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import SyncProtocol
import Testing

@testable import PodSync

@Suite("what a set has to send")
struct SyncPlanTests {
    static func state(_ files: [SyncFile], isDirty: Bool = false) -> ContainerState {
        let entries = files.map {
            RecordEntry(
                path: Array($0.destination.utf8), digest: $0.digest.bytes, size: $0.size, mode: $0.mode,
                isEntry: $0.isEntry)
        }
        let state = AgentState(
            set: 4, isDirty: isDirty, app: .running, pid: 7, runningSet: 4, executable: [], uptime: 0)
        return ContainerState(state, entries)
    }

    static let old = SyncFile(destination: "/a", bytes: [1])

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var wanted: SyncFile
        var content: SetEntry.Content?
        var canPatch = false
        var isDirty = false
        var testDescription: String { name }
    }

    /// A file that only the image has, as it was when the image was made: `old`.
    static func first(size: Int) -> SyncFile {
        var file = SyncFile(destination: "/new", bytes: [UInt8](repeating: 3, count: size))
        file.imageCopy = old.digest
        return file
    }

    static let cases: [Case] = [
        Case(name: "same content, mode and role: nothing", wanted: old, content: nil),
        Case(name: "other content: data", wanted: SyncFile(destination: "/a", bytes: [2]), content: .data),
        Case(
            name: "other content, base known: a patch",
            wanted: SyncFile(destination: "/a", bytes: [UInt8](repeating: 2, count: 4_097)),
            content: .patch(base: Array("/a".utf8), digest: old.digest.bytes), canPatch: true),
        Case(
            name: "a single block, base known: data", wanted: SyncFile(destination: "/a", bytes: [2]),
            content: .data, canPatch: true),
        Case(
            name: "not in the record, the image's copy known: a patch", wanted: first(size: 1 << 20),
            content: .patch(base: Array("/new".utf8), digest: old.digest.bytes), canPatch: true),
        Case(
            name: "the same, a byte smaller: data", wanted: first(size: 1 << 20 - 1), content: .data, canPatch: true),
        Case(name: "the same, its blocks forgotten: data", wanted: first(size: 1 << 20), content: .data),
        Case(
            name: "the same, a container that does not know what it has: data", wanted: first(size: 1 << 20),
            content: .data, canPatch: true, isDirty: true),
        Case(
            name: "other mode: kept", wanted: SyncFile(destination: "/a", bytes: [1], mode: 0o755), content: .keep),
        Case(
            name: "other role: kept", wanted: SyncFile(destination: "/a", bytes: [1], isEntry: true), content: .keep),
        Case(
            name: "same content elsewhere: a copy", wanted: SyncFile(destination: "/b", bytes: [1]),
            content: .patch(base: Array("/a".utf8), digest: old.digest.bytes)),
        Case(name: "an empty file is never a copy", wanted: SyncFile(destination: "/b", bytes: []), content: .data),
        Case(name: "a dirty record is not believed", wanted: old, content: .data, canPatch: true, isDirty: true),
    ]

    @Test(arguments: cases)
    func decides(_ row: Case) {
        let plan = SyncPlan(
            ChangeSet(files: [row.wanted]), state: Self.state([Self.old], isDirty: row.isDirty)
        ) { _ in row.canPatch }
        #expect(plan.items.first?.entry.content == row.content)
        #expect(plan.unchanged == (row.content == nil ? 1 : 0))
    }

    @Test("deletions: known paths, the image's own, and never a path that the set also writes")
    func deletions() {
        let set = ChangeSet(
            files: [SyncFile(destination: "/new", bytes: [3])],
            deletions: [
                .init(path: "/a"), .init(path: "/unknown"), .init(path: "/new"),
                .init(path: "/packed", imageDigest: Self.old.digest),
            ])
        let plan = SyncPlan(set, state: Self.state([Self.old])) { _ in false }
        #expect(plan.deletions.map { String(decoding: $0.path, as: UTF8.self) } == ["/a", "/packed"])
    }

    @Test("a set covers another when it mentions all its paths and restarts alike")
    func covers() {
        let both = ChangeSet(files: [Self.old], deletions: [.init(path: "/b")])
        #expect(both.covers(ChangeSet(deletions: [.init(path: "/a")])))
        #expect(both.covers(ChangeSet(files: [SyncFile(destination: "/b", bytes: [9])])))
        #expect(!both.covers(ChangeSet(files: [SyncFile(destination: "/c", bytes: [9])])))
        #expect(!both.covers(ChangeSet(files: [Self.old], restart: .always)))
    }

    @Test("pieces: equal blocks become copies, all of them give the content again", arguments: [0, 1, 32_768, 200_001])
    func pieces(size: Int) {
        let base = noise(size, seed: 3)
        var content = base + noise(5_000, seed: 4)
        if size > 40_000 { content[40_000] ^= 1 }
        let plan = FilePieces(
            size: UInt64(content.count), blocks: BlockSignature.hashes(of: content),
            base: .blocks(BlockSignature.hashes(of: base)))
        var built: [UInt8] = []
        var copied = 0
        for piece in plan.pieces {
            switch piece {
            case .data(let offset, let count):
                #expect(Int(offset) % SyncLimits.chunk + count <= SyncLimits.chunk)
                built += content[Int(offset)..<Int(offset) + count]
            case .copy(let offset, let count):
                #expect(count <= SyncLimits.copyRange)
                built += base[Int(offset)..<Int(offset) + count]
                copied += count
            }
        }
        #expect(built == content)
        #expect(copied >= max(0, size - 2 * BlockSignature.blockSize))
    }

    @Test("turns: one at a time, in order, and what is covered is passed over")
    func turns() {
        var turn = ApplyTurn()
        let a = turn.enter(ChangeSet(files: [Self.old]))
        let b = turn.enter(ChangeSet(files: [SyncFile(destination: "/b", bytes: [1])]))
        let c = turn.enter(ChangeSet(files: [SyncFile(destination: "/a", bytes: [3])]))
        #expect(turn.decide(b) == .wait)
        #expect(turn.decide(a) == .superseded)
        #expect(turn.decide(b) == .go)
        #expect(turn.decide(c) == .wait)
        turn.leave()
        #expect(turn.decide(c) == .go)
    }
}
