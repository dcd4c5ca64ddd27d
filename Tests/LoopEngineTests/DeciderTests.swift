// SPDX-License-Identifier: Apache-2.0

import LoopEngine
import Plan
import Testing

/// What changed files mean, as a table.
@Suite(.timeLimit(.minutes(1)))
struct DeciderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var paths: [String]
        var stale: [String: Set<String>] = [:]
        /// `resource action: reason`.
        var decisions: [String] = []
        var reloads = false
        var testDescription: String { name }
    }

    static let plan = Plan(
        resources: [
            Samples.service("web"), Samples.service("worker"), Samples.service("packed"), Samples.service("custom"),
            chart,
            Samples.local("generate", command: ["make"], deps: ["/project/api", "/project/one.txt"]),
        ],
        images: [
            Samples.image(
                "web", resources: [FileMapping(source: "/project/Public", destination: "/app/Public")],
                liveUpdate: [
                    .fallBackOn(["/project/schema.sql"]),
                    .sync(FileMapping(source: "/project/Public/special", destination: "/special/")),
                    .run(arguments: ["migrate"], triggers: ["/project/Public/migrations"]),
                    .run(arguments: ["reload"], triggers: []),
                ]),
            Samples.image("worker"),
            Samples.image(
                "packed", live: false, resources: [FileMapping(source: "/project/Data", destination: "/app/Data")]),
            Image(
                ref: "shop/custom",
                builder: .custom(
                    CustomBuild(command: Command(arguments: ["make"], directory: "/"), deps: ["/project/c"]))),
        ],
        watchedFiles: ["/project/Devloopfile", "/project/k8s"])

    /// What its commands made has no agent, so that there is nobody to sync to.
    static let chart: Resource = {
        var deploy = CustomDeploy(
            apply: Command(arguments: ["helm"], directory: "/"), delete: Command(arguments: ["helm"], directory: "/"),
            deps: ["/project/chart"])
        deploy.liveUpdate = [.sync(FileMapping(source: "/project/chart/files", destination: "/files"))]
        deploy.ignored.add(["/project/chart/files"], relativeTo: "/")
        var kubernetes = KubernetesResource(objects: [])
        kubernetes.customDeploy = deploy
        return Resource(name: "chart", kind: .k8s(kubernetes))
    }()

    static let decider = Decider(
        plan: plan, products: ["shop/web": "web", "shop/worker": "worker", "shop/packed": "packed"])

    static let cases: [Case] = [
        Case(name: "unknown file", paths: ["/project/notes.txt"]),
        Case(name: "the spec", paths: ["/project/Devloopfile"], reloads: true),
        Case(name: "below a watched folder", paths: ["/project/k8s/web.yaml"], reloads: true),
        Case(name: "only the same beginning", paths: ["/project/k8s-old/web.yaml", "/project/Publicity"]),
        Case(
            name: "source of one product", paths: ["/project/Sources/web/main.swift"], stale: ["/project": ["web"]],
            decisions: ["web build: product web is made from it"]),
        Case(
            name: "source of two products", paths: ["/project/Sources/Shared/a.swift"],
            stale: ["/project": ["web", "worker"]],
            decisions: ["web build: product web is made from it", "worker build: product worker is made from it"]),
        Case(name: "stale product of another package", paths: ["/else/a.swift"], stale: ["/else": ["web"]]),
        Case(
            name: "resource of a live image", paths: ["/project/Public/a/b.css"],
            decisions: ["web sync: b.css goes to /app/Public/a/b.css"]),
        Case(
            name: "the last rule wins, its slash counts once", paths: ["/project/Public/special/x"],
            decisions: ["web sync: x goes to /special/x"]),
        Case(
            name: "several files", paths: ["/project/Public/a", "/project/Public/b"],
            decisions: ["web sync: 2 files match its sync rules"]),
        Case(
            name: "fall back", paths: ["/project/Public/a", "/project/schema.sql"],
            decisions: ["web image: schema.sql is in fall_back_on"]),
        Case(
            name: "resource of an image that is not live", paths: ["/project/Data/a.json"],
            decisions: ["packed image: a.json is part of shop/packed"]),
        Case(
            name: "dependency of a custom deploy", paths: ["/project/chart/values.yaml"],
            decisions: ["chart apply: values.yaml is one of its deps"]),
        Case(
            name: "a file that a custom deploy would sync", paths: ["/project/chart/files/a"],
            decisions: ["chart apply: a is one of its deps"]),
        Case(
            name: "dependency of a custom build", paths: ["/project/c/x"],
            decisions: ["custom image: x is part of shop/custom"]),
        Case(
            name: "local command", paths: ["/project/api/v1/a.proto"],
            decisions: ["generate run: a.proto is one of its deps"]),
        Case(
            name: "local command by a single file", paths: ["/project/one.txt"],
            decisions: ["generate run: one.txt is one of its deps"]),
        Case(
            name: "one save, three resources",
            paths: ["/project/Public/a", "/project/Sources/worker/x.swift", "/project/api/y"],
            stale: ["/project": ["worker"]],
            decisions: [
                "web sync: a goes to /app/Public/a", "worker build: product worker is made from it",
                "generate run: y is one of its deps",
            ]),
    ]

    @Test(arguments: cases) func decides(_ item: Case) {
        let outcome = Self.decider.decide(item.paths, stale: item.stale) { _ in true }
        #expect(outcome.decisions.map { "\($0.resource) \($0.action.rawValue): \($0.reason)" } == item.decisions)
        #expect(outcome.reloads == item.reloads)
    }

    @Test func whatFollowsIsOrderedByImageAndPackage() {
        let outcome = Self.decider.decide(
            ["/project/Public/a", "/project/Public/gone", "/project/Sources/web/x.swift", "/project/Data/b"],
            stale: ["/project": ["web", "worker"]]
        ) { $0 != "/project/Public/gone" }
        #expect(outcome.builds == ["/project": ["web", "worker"]])
        #expect(outcome.syncs["shop/web"]?.map(\.destination) == ["/app/Public/a"])
        #expect(outcome.deletions["shop/web"] == ["/app/Public/gone"])
        #expect(outcome.images == ["shop/packed"])
        #expect(outcome.runs.isEmpty)
    }

    /// Changed files and the commands that are to run in the container.
    static let commands: [([String], [[String]])] = [
        (["/project/Public/a"], [["reload"]]),
        (["/project/Public/migrations/1.sql"], [["migrate"], ["reload"]]),
    ]

    @Test(arguments: commands) func runStepsFollowTheirTriggers(_ paths: [String], _ wanted: [[String]]) {
        let outcome = Self.decider.decide(paths, stale: [:]) { _ in true }
        #expect(outcome.commands["shop/web"] == wanted)
    }

    /// Root, path, and whether the one covers the other.
    static let covers: [(String, String, Bool)] = [
        ("/a", "/a", true), ("/a", "/a/b", true), ("/a/", "/a/b", true), ("/a", "/ab", false), ("/a/b", "/a", false),
        ("/", "/a", true),
    ]

    @Test(arguments: covers) func aRootCoversWhatLiesBelow(_ root: String, _ path: String, _ wanted: Bool) {
        #expect(Decider.covers(root, path) == wanted)
    }

    /// Name in a manifest, ref of the spec, and whether they mean the same.
    static let names: [(String, String, Bool)] = [
        ("redis", "redis", true), ("redis:7", "redis", true),
        ("redis@sha256:0000000000000000000000000000000000000000000000000000000000000000", "redis", true),
        ("redis:7@sha256:0000000000000000000000000000000000000000000000000000000000000000", "redis", true),
        ("docker.io/library/redis:7", "redis", true),
        ("docker.io/redis", "redis", true), ("index.docker.io/shop/web", "shop/web", true),
        ("shop/web:latest", "shop/web:dev", false), ("shop/web:dev", "shop/web:dev", true),
        ("localhost:5000/web:1", "localhost:5000/web", true),
        ("localhost:5000/web", "localhost/web", false), ("localhost:5000/web", "web", false),
        ("shop/web-admin", "shop/web", false), ("ghcr.io/shop/web", "shop/web", false), ("", "redis", false),
    ]

    @Test(arguments: names) func imageNamesAreCompared(_ name: String, _ ref: String, _ wanted: Bool) {
        #expect(ImageName.matches(name, ref: ref) == wanted)
    }
}
