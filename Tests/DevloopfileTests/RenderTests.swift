// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Devloopfile
import Plan
import Testing

/// `helm`, `kustomize`, `swift_package`, `local`: commands of the spec. Helm is a stand-in here that notes its arguments
/// and prints a recorded chart; it is not on the machine that devloop is tested on.
@Suite(.timeLimit(.minutes(2)))
struct RenderTests {
    static let chart = """
        apiVersion: v1
        kind: Service
        metadata: {name: shop}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: shop}
        ---
        # a test of the chart
        apiVersion: v1
        kind: Pod
        metadata: {name: shop-test, annotations: {helm.sh/hook: test-success}}
        spec: {containers: [{image: busybox}]}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: shop, namespace: own}

        """

    /// A folder with stand-ins that write their arguments to `calls`, one a line.
    static func fixture(_ spec: String, programs: [String: String]) throws -> SpecFixture {
        let fixture = try SpecFixture(
            "os.putenv('PATH', os.getcwd() + '/bin:/usr/bin:/bin')\n" + spec,
            files: [
                "chart/Chart.yaml": "name: shop\n", "chart/dev.yaml": "a: 1\n", "recorded.yaml": chart,
                "base/kustomization.yaml":
                    "resources: [deployment.yaml, ../other]\nconfigMapGenerator: [{name: x, files: [k=conf.txt]}]\n"
                    + "patches: [{path: patch.yaml}]\n", "other/kustomization.yml": "resources: [more.yaml]\n",
            ])
        for (name, body) in programs {
            let path = "bin/\(name)"
            let note = "printf '%s\\n' \"$@\" >\"\(fixture.directory("calls"))\""
            try fixture.directory.write(path, "#!/bin/sh\n\(note)\n\(body)\n", mode: 0o755)
        }
        return fixture
    }

    func calls(_ fixture: SpecFixture) throws -> [String] {
        try TestFiles.read(fixture.directory("calls")).split(separator: "\n").map {
            String($0).replacing(fixture.directory.path, with: "DIR")
        }
    }

    @Test(arguments: [
        ("helm('chart')", ["template", "chart", "DIR/chart", "--include-crds"]),
        (
            "helm('chart', name='shop', namespace='n', values=['chart/dev.yaml'], set=['a=1', 'b=2'], "
                + "kube_version='1.20', skip_crds=True)",
            [
                "template", "shop", "DIR/chart", "--namespace", "n", "--kube-version", "1.20", "--values",
                "DIR/chart/dev.yaml", "--set", "a=1", "--set", "b=2",
            ]
        ),
    ])
    func helmIsCalledAsTiltCallsIt(call: String, want: [String]) async throws {
        let fixture = try Self.fixture("k8s_yaml(\(call))", programs: ["helm": "cat recorded.yaml"])
        let plan = try await fixture.plan()
        #expect(try calls(fixture) == want)
        let objects = plan.resources.flatMap { $0.kubernetes?.objects ?? [] }
        #expect(objects.map(\.shortName) == ["service/shop", "clusterrole/shop", "configmap/shop"])
        let namespace = call.contains("namespace") ? "n" : ""
        #expect(objects.map(\.namespace) == [namespace, "", "own"])
        #expect(plan.watchedFiles.contains(fixture.directory("chart")))
    }

    @Test func chartsOfRepositoriesAreFetchedOnce() async throws {
        let spec = """
            load('ext://helm_remote', 'helm_remote')
            helm_remote('shop', repo_url='https://charts.example.com', version='1.2', namespace='n', set=['a=1'])
            """
        let pull =
            "if [ \"$1\" = pull ]; then mkdir -p .helm/shop/1.2/shop; echo 'name: shop' >"
            + ".helm/shop/1.2/shop/Chart.yaml; echo x >>pulls; else cat recorded.yaml; fi"
        let fixture = try Self.fixture(spec, programs: ["helm": pull])
        for _ in 1...2 {
            let plan = try await fixture.plan()
            let names = plan.resources.flatMap { $0.kubernetes?.objects ?? [] }.map(\.shortName)
            #expect(names == ["namespace/n", "service/shop", "clusterrole/shop", "configmap/shop"])
        }
        #expect(try TestFiles.read(fixture.directory("pulls")) == "x\n")
        #expect(
            try calls(fixture)
                == [
                    "template", "shop", "DIR/.helm/shop/1.2/shop", "--include-crds", "--namespace", "n", "--set", "a=1",
                ])
    }

    @Test(arguments: [
        ("kustomize('base')", ["kustomize"], "kustomize", ["build", "DIR/base"]),
        ("kustomize('base')", ["kubectl"], "kubectl", ["kustomize", "DIR/base"]),
        ("kustomize('base', flags=['-x'])", ["kustomize", "kubectl"], "kustomize", ["build", "-x", "DIR/base"]),
        ("kustomize('base', kustomize_bin='./bin/mine')", ["mine"], "mine", ["build", "DIR/base"]),
    ])
    func kustomizeIsWhatThereIs(call: String, programs: [String], used: String, want: [String]) async throws {
        let body = "cat recorded.yaml"
        let fixture = try Self.fixture(
            "os.putenv('PATH', os.getcwd() + '/bin:' + os.getcwd() + '/tools')\nk8s_yaml(\(call))",
            programs: Dictionary(programs.map { ($0, $0 == used ? body : "exit 9") }) { first, _ in first })
        // `cat` and nothing else beside the stand-ins.
        let cat = "#!/bin/sh\nwhile IFS= read -r line; do printf '%s\\n' \"$line\"; done <\"$1\"\n"
        try fixture.directory.write("tools/cat", cat, mode: 0o755)
        let plan = try await fixture.plan()
        #expect(try calls(fixture) == want)
        for path in [
            "base/kustomization.yaml", "base/deployment.yaml", "base/conf.txt", "base/patch.yaml", "other/more.yaml",
        ] {
            #expect(plan.watchedFiles.contains(fixture.directory(path)), "\(path)")
        }
    }

    @Test(arguments: [
        ("helm('chart')", "helm: there is no program \"helm\" on the PATH", "install Helm"),
        ("kustomize('base')", "kustomize: there is no program \"kubectl\" on the PATH", "install kustomize"),
        ("helm('chart', values='nope.yaml')", "helm: values file \"nope.yaml\" does not exist", nil),
        ("helm('base')", "helm: there is no chart at \"base\"", "name a directory that has a Chart.yaml"),
    ])
    func whatIsMissingIsSaid(call: String, message: String, hint: String?) async throws {
        let fixture = try Self.fixture("os.putenv('PATH', os.getcwd() + '/bin')\n\(call)", programs: [:])
        let error = try #require(await fixture.evaluate().error)
        #expect(error.message == message)
        #expect(hint.map { error.hint?.hasPrefix($0) == true } ?? true)
    }

    @Test func aFailedProgramIsShownWithItsWordsAndPlace() async throws {
        let fixture = try Self.fixture("helm('chart')", programs: ["helm": "echo 'chart is broken' >&2; exit 3"])
        let error = try #require(await fixture.evaluate().error)
        #expect(
            error.message == "helm: \"helm template chart chart --include-crds\" failed: exit code 3\n  chart is broken"
        )
        #expect(error.location?.line == 2)
        #expect(error.excerpt == ["helm('chart')", "    ^"])
    }

    @Test(arguments: ["local('echo x')", "helm('chart')", "kustomize('base')", "swift_package('chart')"])
    func nothingRunsBeforeTheGuard(call: String) async throws {
        let fixture = try Self.fixture(call, programs: ["helm": "true", "kustomize": "true"])
        try fixture.directory.write("chart/Package.swift", "// swift-tools-version: 6.0\n")
        let context = KubernetesContext(name: "prod", isLocal: false)
        let error = try #require(await fixture.evaluate(context: context).error)
        #expect(error.message.hasSuffix("refused, because \"prod\" may be a production cluster"))
        #expect(!TestFiles.exists(fixture.directory("calls")))
        try fixture.directory.write(
            "Devloopfile", "allow_k8s_contexts('prod')\n" + TestFiles.read(fixture.directory("Devloopfile")))
        let allowed = await fixture.evaluate(context: context).error
        #expect(allowed?.message.contains("refused") != true)
    }

    @Test func aCommandThatHangsIsEnded() async throws {
        let fixture = try SpecFixture("local('sleep 600')")
        // The clock of the evaluation says at once that the time is over.
        let clock = SpecClock(now: { .now }, sleep: { _ in })
        let evaluation = await Devloopfile.evaluate(DevloopfileRequest(directory: fixture.directory.path, clock: clock))
        let error = try #require(evaluation.error)
        #expect(error.message == "local: \"sleep 600\" was ended after 600 seconds")
        #expect(error.hint == "local(..., timeout=SECONDS) gives it more")
    }

    @Test func aPackageIsDescribed() async throws {
        let package = """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(
                name: "shop", products: [.library(name: "Kit", targets: ["Kit"])],
                targets: [.target(name: "Kit"), .executableTarget(name: "web", dependencies: ["Kit"])])
            """
        let fixture = try SpecFixture(
            """
            p = swift_package('p')
            print(p.name, p.path == os.path.abspath('p'))
            print(sorted([(x.name, x.type) for x in p.products]))
            print(sorted([(x.name, x.type, os.path.relpath(x.path, p.path)) for x in p.targets]))
            """,
            files: ["p/Package.swift": package, "p/Sources/Kit/a.swift": "", "p/Sources/web/main.swift": "print(1)\n"])
        let evaluation = await fixture.evaluate()
        #expect(evaluation.error == nil, "\(evaluation.error?.report ?? "")")
        #expect(
            evaluation.output == [
                "shop True", #"[("Kit", "library"), ("web", "executable")]"#,
                #"[("Kit", "library", "Sources/Kit"), ("web", "executable", "Sources/web")]"#,
            ])
        #expect(evaluation.watchedFiles.contains(fixture.directory("p/Package.swift")))
        #expect(evaluation.timings.contains { $0.name == "swift_package" && $0.calls == 1 && $0.duration > .zero })
    }
}
