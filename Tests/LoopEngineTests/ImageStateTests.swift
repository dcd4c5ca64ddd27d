// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Testing

@testable import LoopEngine

/// What containers of an image should have beyond it.
@Suite(.timeLimit(.minutes(1)))
struct ImageStateTests {
    static func image(_ steps: [LiveUpdateStep]) -> Image {
        var build = DockerBuild(context: "/p", dockerfile: "/p/www/Dockerfile", text: "")
        build.ignored.add(["*.tmp"], relativeTo: "/p/www")
        return Image(ref: "shop/web", builder: .docker(build), liveUpdate: steps)
    }

    static let steps: [LiveUpdateStep] = [
        .initialSync, .fallBackOn(["/p/www/lock"]),
        .sync(FileMapping(source: "/p/www", destination: "/www")),
        .sync(FileMapping(source: "/p/www/special", destination: "/special")),
        .run(arguments: ["first"], triggers: []), .run(arguments: ["second"], triggers: []), .restart,
    ]

    private static func file(_ path: String, _ destination: String) -> SyncSet.File {
        SyncSet.File(source: path, destination: destination, isExecutable: false, isEntry: false)
    }

    @Test func commandsAndDeletionsAreToldOncePerContainerAndInOrder() {
        var state = ImageState(Self.image(Self.steps), product: "")
        state.add(
            [Self.file("/p/www/a", "/www/a")], deletions: [.init(path: "/www/b", reaction: .restart)],
            commands: [["second"]])
        state.version += 1
        state.add([], deletions: [], commands: [["first"]])
        state.version += 1
        let new = state.desired(after: nil)
        #expect(new.commands == [["first"], ["second"]])
        #expect(new.deletions == [.init(path: "/www/b", reaction: .restart)])
        #expect(new.files.map(\.destination) == ["/www/a"])
        #expect(new.restarts)
        let known = state.desired(after: 1)
        #expect(known.commands == [["first"]])
        #expect(known.deletions.isEmpty)
        // What is there is compared, not sent.
        #expect(known.files.map(\.destination) == ["/www/a"])
        #expect(state.desired(after: 2).commands.isEmpty)
    }

    @Test func aFileThatComesBackIsNotDeleted() {
        var state = ImageState(Self.image(Self.steps), product: "")
        state.add([], deletions: [.init(path: "/www/a")], commands: [])
        state.add([Self.file("/p/www/a", "/www/a")], deletions: [], commands: [])
        #expect(state.desired(after: nil).deletions.isEmpty)
        state.add([], deletions: [.init(path: "/www/a")], commands: [])
        #expect(state.desired(after: nil).files.isEmpty)
        #expect(state.hasChangedFiles)
        state.forgetChanges(initial: [:])
        #expect(state.desired(after: nil).deletions.isEmpty)
        #expect(!state.hasChangedFiles)
    }

    @Test func theInitialSetHasWhatTheRulesNameAndNothingElse() {
        let tree = [
            "/p/www/a", "/p/www/b.tmp", "/p/www/Dockerfile", "/p/www/lock", "/p/www/special/c", "/p/other",
        ]
        let found = LiveChanges.initial(Self.image(Self.steps)) { root in
            tree.filter { Decider.covers(root, $0) }
        }
        #expect(found.keys.sorted().map(\.text) == ["/special/c", "/www/a"])
        #expect(found[ExactPath("/special/c")]?.source == "/p/www/special/c")
        #expect(LiveChanges.initial(Self.image(Array(Self.steps.dropFirst()))) { _ in tree }.isEmpty)
    }

    /// What an earlier session left: taken up by the rule that names it, deleted with its source, or told.
    @Test func leftoversFollowTheRules() {
        var state = ImageState(Self.image(Self.steps), product: "")
        state.add([Self.file("/p/www/known", "/www/known")], deletions: [], commands: [])
        let recorded = ["/www/known", "/www/a", "/www/gone", "/special/c", "/www/special/d", "/elsewhere"]
        let left = state.leftovers(recorded) { $0 != "/p/www/gone" }
        #expect(
            left.files.map { "\($0.source) \($0.destination)" } == ["/p/www/special/c /special/c", "/p/www/a /www/a"])
        #expect(left.deletions.map(\.path) == ["/www/gone"])
        // The rule for `special` takes its files elsewhere now.
        #expect(left.unknown == ["/elsewhere", "/www/special/d"])
    }

    /// A folder that is gone as a whole empties no container, not even one that is compared anew.
    @Test func leftoversOfAFolderThatIsGoneStay() {
        var state = ImageState(Self.image(Self.steps), product: "")
        let recorded = ["/www/a", "/special/c"]
        let left = state.leftovers(recorded) { !$0.hasPrefix("/p/www/special") && $0 != "/p/www/a" }
        #expect(left.deletions.map(\.path) == ["/www/a"])
        #expect(left.files.isEmpty && left.unknown.isEmpty)
        // The folder is back, and a save of it has not been told yet.
        state.kept[ExactPath("/special/c")] = Self.file("/p/www/special/c", "/special/c")
        #expect(state.leftovers(["/special/c"]) { $0 != "/p/www/special/c" }.deletions.isEmpty)
        state.delete(ExactPath("/special/c"), .none)
        #expect(state.kept.isEmpty)
        #expect(state.desired(after: nil).deletions == [.init(path: "/special/c")])
    }

    /// Nothing leads from the container to what `ignore` and `build` leave out, whose destination is empty.
    @Test func leftoversOfWhatIsNotSyncedAnyMore() {
        let rule = LiveUpdateStep.sync(FileMapping(source: "/p/www/docs", destination: "", policy: .ignore))
        let signal = ProcessSignal("HUP").map { SyncPolicy.signal($0) } ?? .sync
        let state = ImageState(
            Self.image([.sync(FileMapping(source: "/p/www", destination: "/www", policy: signal)), rule]), product: "")
        let left = state.leftovers(["/www/a", "/www/docs/b"]) { _ in true }
        #expect(left.files.map(\.destination) == ["/www/a"])
        #expect(left.files.map(\.reaction) == [.signal(1)])
        #expect(left.unknown == ["/www/docs/b"])
    }

    @Test func theInitialSetFollowsThePolicies() {
        let state = Self.image([
            .initialSync, .sync(FileMapping(source: "/p/www", destination: "/www", policy: .restart)),
            .sync(FileMapping(source: "/p/www/docs", destination: "", policy: .ignore)),
            .sync(FileMapping(source: "/p/www/schema", destination: "", policy: .build)),
        ])
        let tree = ["/p/www/a", "/p/www/docs/b", "/p/www/schema/c", "/p/www/e\u{301}", "/p/www/\u{e9}"]
        let found = LiveChanges.initial(state) { root in tree.filter { Decider.covers(root, $0) } }
        #expect(found.keys.sorted() == ["/www/a", "/www/e\u{301}", "/www/\u{e9}"].map { ExactPath($0) })
        #expect(found.values.allSatisfy { $0.reaction == .restart && $0.root == "/p/www" })
    }

    @Test func onlyTriggersStartTheProgramAgain() {
        let image = Self.image([
            .sync(FileMapping(source: "/p/www", destination: "/www")), .restartOn(["/p/www/conf", "/p/www/a"]),
        ])
        let changes = LiveChanges(image, ["/p/www/a", "/p/www/b", "/p/www/conf/c", "/p/www/conf/gone"]) {
            !$0.hasSuffix("gone")
        }
        #expect(changes.wanted.map(\.reaction) == [.restart, .none, .restart])
        #expect(changes.deleted.map(\.reaction) == [.restart])
        #expect(!ImageState(image, product: "").desired(after: nil).restarts)
    }

    @Test func rulesThatBringNothingAreNoLiveUpdate() {
        let rules: [SyncPolicy] = [.ignore, .build]
        let steps = rules.map { LiveUpdateStep.sync(FileMapping(source: "/p/www", destination: "", policy: $0)) }
        #expect(!ImageState(Self.image(steps), product: "").isLive)
        #expect(ImageState(Self.image(Self.steps), product: "").isLive)
    }

    @Test func aProgramOfOursIsNoLeftover() {
        let state = ImageState(Samples.image(), product: "web")
        #expect(state.leftovers(["/devloop/app/web", "/devloop/app/lib/a.so"]) { _ in true }.unknown.isEmpty)
    }
}
