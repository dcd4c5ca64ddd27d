// SPDX-License-Identifier: Apache-2.0

import DevloopCore
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
            chart.resource, tool.resource, Samples.service("site"),
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
            site, chart.image, tool.image,
        ],
        watchedFiles: ["/project/Devloopfile", "/project/k8s"])

    /// An image of a Dockerfile with rules.
    static let site: Image = {
        var build = DockerBuild(context: "/project/site", dockerfile: "/project/site/Dockerfile", text: "")
        build.ignored.add(["**/*.tmp"], relativeTo: "/project/site")
        return Image(
            ref: "shop/site", builder: .docker(build),
            liveUpdate: [
                .fallBackOn(["/project/site/package.json"]),
                .sync(FileMapping(source: "/project/site/www", destination: "/www")),
                .sync(FileMapping(source: "/project/site/page.html", destination: "/page.html")),
            ])
    }()

    /// What its commands made, with a live update.
    static let chart: (resource: Resource, image: Image) = {
        var deploy = CustomDeploy(
            apply: Command(arguments: ["helm"], directory: "/"), delete: Command(arguments: ["helm"], directory: "/"),
            deps: ["/project/chart"])
        let steps: [LiveUpdateStep] = [
            .fallBackOn(["/project/chart/files/schema"]),
            .sync(FileMapping(source: "/project/chart/files", destination: "/files")),
            .sync(FileMapping(source: "/project/chart/files/docs", destination: "", policy: .ignore)),
            .sync(FileMapping(source: "/project/chart/files/built", destination: "", policy: .build)),
            .run(arguments: ["index"], triggers: []),
        ]
        deploy.liveUpdate = steps
        var kubernetes = KubernetesResource(objects: [])
        kubernetes.customDeploy = deploy
        return foreign("chart", kubernetes, steps)
    }()

    /// Somebody else's.
    static let tool: (resource: Resource, image: Image) = {
        var kubernetes = KubernetesResource(objects: [])
        kubernetes.syncTarget = SyncTarget(selector: ["app": "tool"])
        return foreign("tool", kubernetes, [.sync(FileMapping(source: "/project/tool", destination: "/tool"))])
    }()

    private static func foreign(
        _ name: String, _ kubernetes: KubernetesResource, _ steps: [LiveUpdateStep]
    ) -> (resource: Resource, image: Image) {
        var kubernetes = kubernetes
        let image = Image.foreign(ForeignContainers(), of: name, steps)
        kubernetes.foreignImage = image.ref
        kubernetes.images = [image.ref]
        return (Resource(name: name, kind: .k8s(kubernetes)), image)
    }

    static let decider = Decider(
        plan: plan, products: ["shop/web": "web", "shop/worker": "worker", "shop/packed": "packed"], refusals: [:])

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
            name: "a file that a custom deploy syncs", paths: ["/project/chart/files/a"],
            decisions: ["chart sync: a goes to /files/a"]),
        Case(name: "one that it ignores", paths: ["/project/chart/files/docs/a.md"]),
        Case(
            name: "one that it ignores beside one that it syncs",
            paths: ["/project/chart/files/docs/a.md", "/project/chart/files/b"],
            decisions: ["chart sync: b goes to /files/b"]),
        Case(
            name: "one that it has to apply for", paths: ["/project/chart/files/built", "/project/chart/files/a"],
            decisions: ["chart apply: built has the policy build"]),
        Case(
            name: "its fall back", paths: ["/project/chart/files/schema"],
            decisions: ["chart apply: schema is in fall_back_on"]),
        Case(
            name: "what no rule of it names", paths: ["/project/chart/files/a", "/project/chart/values.yaml"],
            decisions: ["chart apply: values.yaml is one of its deps, and no sync rule names it"]),
        Case(
            name: "a file of somebody else's containers", paths: ["/project/tool/a"],
            decisions: ["tool sync: a goes to /tool/a"]),
        Case(
            name: "dependency of a custom build", paths: ["/project/c/x"],
            decisions: ["custom image: x is part of shop/custom"]),
        Case(
            name: "a rule of an image that devloop does not pack", paths: ["/project/site/www/a/b"],
            decisions: ["site sync: b goes to /www/a/b"]),
        Case(
            name: "a file that no rule names", paths: ["/project/site/www/a", "/project/site/other"],
            decisions: ["site image: other is part of shop/site, and no sync rule names it"]),
        Case(
            name: "the Dockerfile", paths: ["/project/site/Dockerfile"],
            decisions: ["site image: Dockerfile is part of shop/site"]),
        Case(name: "what the image ignores is not synced", paths: ["/project/site/www/a.tmp"]),
        Case(
            name: "fall back of such an image", paths: ["/project/site/package.json", "/project/site/www/a"],
            decisions: ["site image: package.json is in fall_back_on"]),
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
        #expect(outcome.deletions["shop/web"] == [SyncSet.Deletion(path: "/app/Public/gone")])
        #expect(outcome.images == ["shop/packed"])
        #expect(outcome.runs.isEmpty)
    }

    static let vanished: [([String], String, [String])] = [
        (["/project/site/www/a"], "site nothing: www itself is gone: what containers have of it stays", []),
        (
            ["/project/site/page.html", "/project/site/www/a"],
            "site sync: 2 files match its sync rules; what was in www, which is gone, stays", ["/page.html"]
        ),
    ]

    @Test(arguments: vanished) func aVanishedRootPausesDeletions(
        _ paths: [String], _ decision: String, _ synced: [String]
    ) {
        let outcome = Self.decider.decide(paths, stale: [:]) { !$0.hasPrefix("/project/site/www") }
        #expect(outcome.decisions.map { "\($0.resource) \($0.action.rawValue): \($0.reason)" } == [decision])
        #expect((outcome.syncs["shop/site"] ?? []).map(\.destination) == synced)
        #expect((outcome.deletions["shop/site"] ?? []).isEmpty)
        #expect(outcome.missing["shop/site"]?.map(\.destination) == ["/www/a"])
    }

    @Test func aRuleThatNamesOneFileDeletesIt() {
        let outcome = Self.decider.decide(["/project/site/page.html"], stale: [:]) { _ in false }
        #expect(outcome.deletions["shop/site"] == [SyncSet.Deletion(path: "/page.html")])
        #expect(outcome.missing.isEmpty)
    }

    @Test func aFileThatAFolderReplacesIsDeleted() {
        let outcome = Self.decider.decide(["/project/site/www/a", "/project/site/www/a/b"], stale: [:]) { _ in true }
        #expect(outcome.syncs["shop/site"]?.map(\.destination) == ["/www/a/b"])
        #expect(outcome.deletions["shop/site"] == [SyncSet.Deletion(path: "/www/a")])
    }

    /// Version of the server, and what is said of a custom deploy's live update.
    static let servers: [(String, String)] = [
        ("v1.20.2", "needs Kubernetes 1.25, the server has v1.20.2"), ("v1.24.17-gke.1", "needs Kubernetes 1.25"),
        ("odd", "is not made on a server of version odd"),
    ]

    @Test(arguments: servers) func theServersVersionDecidesOfEphemeralContainers(_ server: String, _ words: String) {
        let container = PodStatus.ready("web-1", generation: nil).containers[0]
        guard case .refused(let reason) = ContainerWay.choose(ForeignContainers(), container, server: server) else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains(words))
    }

    @Test func whatContainersDoNotTakeIsAppliedOrSaid() {
        var decider = Self.decider
        decider.refusals = [Self.chart.image.ref: "no agent", Self.tool.image.ref: "no agent"]
        let outcome = decider.decide(["/project/chart/files/a", "/project/tool/a"], stale: [:]) { _ in true }
        #expect(
            outcome.decisions.map { "\($0.resource) \($0.action.rawValue): \($0.reason)" } == [
                "chart apply: a is one of its deps; it is not synced: no agent",
                "tool nothing: it cannot be synced: no agent",
            ])
        #expect(outcome.runs == ["chart"])
        // Containers that come later, and take files, get them.
        #expect(outcome.syncs[Self.chart.image.ref]?.map(\.destination) == ["/files/a"])
        #expect(outcome.commands[Self.chart.image.ref] == [["index"]])
        // Nobody has looked at the containers.
        decider.refusals = nil
        let guesses = decider.decide(["/project/chart/files/a", "/project/tool/a"], stale: [:]) { _ in true }
        #expect(
            guesses.decisions.map(\.reason) == [
                "a goes to /files/a; apply_cmd runs if its containers have no agent",
                "a goes to /tool/a, if its containers have an agent",
            ])
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
