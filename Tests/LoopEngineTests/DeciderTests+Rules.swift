// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Testing

/// Policies of `sync` steps, folders that are gone, and what the program is told.
extension DeciderTests {
    static let rules = Decider(
        plan: Plan(
            resources: [Samples.service("web"), Samples.service("custom"), Samples.service("site")],
            images: [
                Image(
                    ref: "shop/site",
                    builder: .docker(DockerBuild(context: "/project/site", dockerfile: nil, text: "")),
                    liveUpdate: [
                        .fallBackOn(["/project/site/www/docs/lock"]),
                        .sync(FileMapping(source: "/project/site/www", destination: "/www", policy: hangUp)),
                        .sync(FileMapping(source: "/project/site/www/docs", destination: "", policy: .ignore)),
                        .sync(FileMapping(source: "/project/site/www/schema", destination: "", policy: .build)),
                        .sync(FileMapping(source: "/project/site/README.md", destination: "", policy: .ignore)),
                        .run(arguments: ["index"], triggers: ["/project/site/www/docs"]),
                    ]),
                Samples.image(
                    "web", resources: [FileMapping(source: "/project/Public", destination: "/app/Public")],
                    liveUpdate: [
                        .sync(FileMapping(source: "/project/conf", destination: "/conf", policy: hangUp)),
                        .sync(FileMapping(source: "/project/conf/pool", destination: "/conf/pool", policy: .restart)),
                        .sync(FileMapping(source: "/project/Public/docs", destination: "", policy: .ignore)),
                        .sync(FileMapping(source: "/project/Public/schema", destination: "", policy: .build)),
                        .sync(FileMapping(source: "/project/Sources/web/notes.md", destination: "", policy: .ignore)),
                    ]),
                Image(
                    ref: "shop/custom",
                    builder: .custom(
                        CustomBuild(command: Command(arguments: ["make"], directory: "/"), deps: ["/project/c"])),
                    liveUpdate: [.sync(FileMapping(source: "/project/c/docs", destination: "", policy: .ignore))]),
            ]), products: ["shop/web": "web"])

    static let hangUp = ProcessSignal("HUP").map { SyncPolicy.signal($0) } ?? .sync

    static let policies: [Case] = [
        Case(name: "ignored", paths: ["/project/Public/docs/a.md"]),
        Case(name: "ignored by an image that is not live", paths: ["/project/c/docs/a.md"]),
        Case(
            name: "beside what is ignored", paths: ["/project/Public/docs.md", "/project/Public/docs/a.md"],
            decisions: ["web sync: docs.md goes to /app/Public/docs.md"]),
        Case(
            name: "build", paths: ["/project/Public/a", "/project/Public/schema/1.sql"],
            decisions: ["web image: 1.sql has the policy build"]),
        Case(name: "signal", paths: ["/project/conf/a"], decisions: ["web sync: a goes to /conf/a"]),
        Case(
            name: "a path that is another one's beginning, byte by byte", paths: ["/project/Publi\u{301}c"]),
        Case(
            name: "ignored by an image that devloop does not pack",
            paths: ["/project/site/www/docs/a", "/project/site/www/docs/lock", "/project/site/README.md"]),
        Case(
            name: "ignored beside what such an image syncs", paths: ["/project/site/README.md", "/project/site/www/a"],
            decisions: ["site sync: a goes to /www/a"]),
        Case(
            name: "build in such an image", paths: ["/project/site/www/a", "/project/site/www/schema/1.sql"],
            decisions: ["site image: 1.sql has the policy build"]),
        Case(
            name: "what no rule of such an image names", paths: ["/project/site/www/a", "/project/site/other"],
            decisions: ["site image: other is part of shop/site, and no sync rule names it"]),
    ]

    @Test(arguments: policies) func policiesDecide(_ item: Case) {
        let outcome = Self.rules.decide(item.paths, stale: item.stale) { _ in true }
        #expect(outcome.decisions.map { "\($0.resource) \($0.action.rawValue): \($0.reason)" } == item.decisions)
    }

    @Test func theLastRuleSaysWhatTheProgramIsTold() {
        let outcome = Self.rules.decide(
            ["/project/conf/a", "/project/conf/pool/b", "/project/Public/c", "/project/conf/gone"], stale: [:]
        ) { $0 != "/project/conf/gone" }
        #expect(outcome.syncs["shop/web"]?.map(\.reaction) == [.signal(1), .restart, .none])
        #expect(outcome.deletions["shop/web"] == [.init(path: "/conf/gone", reaction: .signal(1))])
    }

    @Test func anIgnoredFileTriggersNoCommandAndOthersKeepTheirReaction() {
        let outcome = Self.rules.decide(["/project/site/www/docs/a", "/project/site/www/b"], stale: [:]) { _ in true }
        #expect(outcome.syncs["shop/site"]?.map(\.reaction) == [.signal(1)])
        #expect(outcome.commands["shop/site"] == [])
    }

    @Test func theBuilderIsNotAskedAboutWhatIsIgnored() {
        let paths = ["/project/Sources/web/notes.md", "/project/Sources/web/main.swift"]
        #expect(Self.rules.relevant(paths, to: "/project") == ["/project/Sources/web/main.swift"])
    }

    /// Gone paths, and which of the two files are deleted, or kept because their folder is gone.
    static let missing: [(gone: Set<String>, deleted: [String], kept: [String], action: String)] = [
        ([], [], [], "sync"),
        (["/project/Public/a"], ["/app/Public/a"], [], "sync"),
        (["/project/Public/a", "/project/Public/b"], ["/app/Public/a", "/app/Public/b"], [], "sync"),
        (
            ["/project/Public/a", "/project/Public/b", "/project/Public/."], [], ["/app/Public/a", "/app/Public/b"],
            "nothing"
        ),
    ]

    @Test("S15 a folder that is gone as a whole deletes nothing", arguments: missing)
    func keeps(_ row: (gone: Set<String>, deleted: [String], kept: [String], action: String)) {
        let outcome = Self.rules.decide(["/project/Public/a", "/project/Public/b"], stale: [:]) {
            !row.gone.contains($0)
        }
        #expect((outcome.deletions["shop/web"] ?? []).map(\.path) == row.deleted)
        #expect((outcome.missing["shop/web"] ?? []).map(\.destination) == row.kept)
        #expect(outcome.decisions.map(\.action.rawValue) == [row.action])
    }

    /// Changed destinations, and what the program is told.
    static let reactions: [(restarts: Bool, changed: [String], restart: Bool, signals: [UInt8])] = [
        (false, [], false, []), (true, [], false, []), (true, ["/plain"], true, []), (false, ["/plain"], false, []),
        (false, ["/hup", "/plain"], false, [1]), (false, ["/usr1", "/hup", "/hup2"], false, [1, 10]),
        (false, ["/hup", "/restart"], true, []), (true, ["/hup"], true, []), (false, ["/gone"], true, []),
        (false, ["/entry"], false, []),
    ]

    @Test(arguments: reactions)
    func onlyWhatChangedIsTold(_ row: (restarts: Bool, changed: [String], restart: Bool, signals: [UInt8])) {
        func file(_ path: String, _ reaction: SyncSet.Reaction, isEntry: Bool = false) -> SyncSet.File {
            var file = SyncSet.File(source: "/s", destination: path, isExecutable: false, isEntry: isEntry)
            file.reaction = reaction
            return file
        }
        let set = SyncSet(
            files: [
                file("/plain", .none), file("/hup", .signal(1)), file("/hup2", .signal(1)),
                file("/usr1", .signal(10)), file("/restart", .restart), file("/entry", .restart, isEntry: true),
            ], deletions: [.init(path: "/gone", reaction: .restart)], restarts: row.restarts)
        let told = set.reactions(to: Set(row.changed.map(ExactPath.init)))
        #expect(told.restarts == row.restart)
        #expect(told.signals == row.signals)
    }

    /// A root that is gone empties no container; what else changed is still synced.
}
