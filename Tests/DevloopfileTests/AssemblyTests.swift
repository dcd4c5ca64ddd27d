// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Devloopfile
import Plan
import Testing

/// How objects and images become resources.
struct AssemblyTests {
    /// References in manifests that are or are not the image of the plan.
    @Test(arguments: [
        ("nginx", "nginx", true), ("nginx", "nginx:1.25", true),
        ("nginx", "docker.io/library/nginx@sha256:\(digest)", true),
        ("nginx", "index.docker.io/nginx:1", true), ("nginx", "library/nginx", true), ("nginx", "other/nginx", false),
        ("nginx", "ghcr.io/nginx", false), ("a/b", "docker.io/a/b", true), ("a/b", "a/b/c", false),
        ("localhost:5000/a", "localhost:5000/a:x", true), ("localhost:5000/a", "localhost:5001/a", false),
        ("localhost/a", "a", false), ("gcr.io/p/a", "gcr.io/p/a:t@sha256:\(digest)", true),
        ("gcr.io/p/a", "gcr.io/p/A", false),
    ])
    func imagesAreMatchedByRepository(ref: String, used: String, isMatch: Bool) async throws {
        let fixture = try SpecFixture(
            "custom_build('\(ref)', 'true', deps='.')\nk8s_yaml('d.yaml')\n",
            files: ["d.yaml": SpecFixture.deployment("app", image: used)])
        let plan = try await fixture.plan()
        #expect(plan.resource("app")?.kubernetes?.images == (isMatch ? [ref] : []))
        #expect(plan.warnings.isEmpty == isMatch)
    }

    private static let digest = String(repeating: "a", count: 64)

    @Test func unusedImageIsAWarningWithItsPlace() async throws {
        let fixture = try SpecFixture("\ncustom_build('demo/a', 'true', deps='.')\n")
        #expect(
            try await fixture.plan().warnings == [
                PlanWarning(
                    "image \"demo/a\" is used by no object of the manifests",
                    at: SourceLocation(file: "Devloopfile", line: 2, column: 13))
            ])
    }

    @Test func resourcesComeInTiltsOrder() async throws {
        let fixture = try SpecFixture(
            """
            local_resource('first', 'true')
            k8s_yaml('a.yaml')
            k8s_yaml(blob('{apiVersion: v1, kind: Secret, metadata: {name: s}}'))
            k8s_yaml(blob('{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}'))
            k8s_resource(new_name='group', objects='c')
            k8s_yaml('b.yaml')
            """,
            files: [
                "a.yaml": SpecFixture.deployment("a", image: "a"), "b.yaml": SpecFixture.deployment("b", image: "b"),
            ])
        let plan = try await fixture.plan()
        #expect(plan.resources.map(\.name) == ["a", "b", "group", "first", "uncategorized"])
        #expect(plan.resource("group")?.kubernetes?.podReadiness == .ignore)
        #expect(plan.resource("uncategorized")?.kubernetes?.objects.map(\.shortName) == ["secret/s"])
        #expect(plan.resource("a")?.location == SourceLocation(file: "Devloopfile", line: 2, column: 9))
        let object = plan.resource("a")?.kubernetes?.objects.first
        #expect(object?.location == SourceLocation(file: "a.yaml", line: 1, column: 1))
    }

    @Test func severalCallsForOneWorkloadAddUp() async throws {
        let fixture = try SpecFixture(
            """
            k8s_yaml('a.yaml')
            local_resource('x', 'true')
            k8s_resource('a', port_forwards=1, labels='l', resource_deps='x', auto_init=False)
            k8s_resource('a', new_name='z', port_forwards='2:3', labels=['l', 'm'], trigger_mode=TRIGGER_MODE_MANUAL)
            k8s_resource('z', links=link('http://h', 'n'), extra_pod_selectors={'k': 'v'}, pod_readiness='ignore')
            k8s_resource('z', local_address='localhost:5432')
            """, files: ["a.yaml": SpecFixture.deployment("a", image: "a")])
        let resource = try #require(try await fixture.plan().resource("z"))
        #expect(resource.kubernetes?.portForwards.map(\.shortText) == ["1", "2:3"])
        #expect(resource.labels == ["l", "m"])
        #expect(resource.dependencies == ["x"])
        #expect(!resource.autoInit)
        #expect(resource.triggerMode == .manual)
        #expect(resource.links == [Link(url: "http://h", name: "n")])
        #expect(resource.kubernetes?.extraPodSelectors == [["k": "v"]])
        #expect(resource.kubernetes?.podReadiness == .ignore)
        #expect(resource.kubernetes?.localAddress == LocalAddress("localhost:5432"))
    }

    @Test func unknownDependenciesAreDroppedWithAWarning() async throws {
        let plan = try await SpecFixture(
            "local_resource('web', 'true', resource_deps=['databse', 'database'])\nlocal_resource('database', 'true')\n"
        ).plan()
        #expect(plan.resource("web")?.dependencies == ["database"])
        #expect(
            plan.warnings.map(\.message) == [
                "web: resource_deps names \"databse\", which does not exist; ignored (did you mean \"database\"?)"
            ])
    }

    @Test func cronJobsAreWorkloadsAndCustomResourcesAreNot() async throws {
        let plan = try await SpecFixture(
            """
            k8s_yaml(blob('''
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: nightly}
            spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: demo/a}]}}}}}
            ---
            apiVersion: example.com/v1
            kind: Deployment
            metadata: {name: other}
            spec: {template: {spec: {containers: [{name: a, image: demo/a}]}}}
            '''))
            custom_build('demo/a', 'true', deps='.')
            """
        ).plan()
        #expect(plan.resources.map(\.name) == ["nightly", "uncategorized"])
        #expect(plan.resource("nightly")?.kubernetes?.images == ["demo/a"])
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        var spec: String
        var message: String
        var place: String
        var hint: String?
        var testDescription: String { message }

        init(_ spec: String, _ message: String, _ place: String, hint: String? = nil) {
            (self.spec, self.message, self.place, self.hint) = (spec, message, place, hint)
        }
    }

    @Test(arguments: [
        Failure(
            "k8s_resource('ap')", "k8s_resource: unknown workload \"ap\"", "3:13", hint: "did you mean \"app\"?"),
        Failure(
            "k8s_resource('app', local_address='5432')",
            "k8s_resource: local_address must be a host and a port, such as \"localhost:5432\", got \"5432\"", "3:13"),
        Failure("k8s_resource('zzzz')", "k8s_resource: unknown workload \"zzzz\"", "3:13", hint: "known: app, web"),
        Failure(
            "k8s_resource('app', new_name='web')", "k8s_resource named \"web\" already exists", "3:13"),
        Failure(
            "local_resource('app', 'true')", "local_resource named \"app\" already exists", "2:9"),
        Failure(
            "k8s_resource('app', objects='nope')", "k8s_resource: no object is named by \"nope\"", "3:13",
            hint:
                "objects: app:deployment:default, web:deployment:default, "
                + "app:configmap:default, web:configmap:default"),
        Failure(
            "k8s_resource('app', objects='web')", "k8s_resource: \"web\" names several objects", "3:13",
            hint: "say which: web:deployment:default, web:configmap:default"),
        Failure(
            "k8s_resource('app', objects=['web:configmap', 'Web:ConfigMap:Default'])",
            "k8s_resource: \"Web:ConfigMap:Default\" already belongs to \"app\"", "3:13",
            hint: "an object belongs to one resource"),
        Failure(
            "k8s_yaml('all.yaml')", "k8s_yaml: object \"app:deployment:default\" is there already", "3:9",
            hint: "it is there since Devloopfile:2:9; allow_duplicates=True permits it"),
        Failure("k8s_resource('app', resource_deps='app')", "\"app\" depends on itself", "2:9"),
        Failure(
            "k8s_resource('app', resource_deps='web')\nk8s_resource('web', resource_deps='app')",
            "resource_deps go in a circle: app -> web -> app", "2:9"),
    ])
    func failsAtThePlace(_ failure: Failure) async throws {
        let extra = ["app", "web"].map { "{apiVersion: v1, kind: ConfigMap, metadata: {name: \($0)}}" }
        let objects = ["app", "web"].map { SpecFixture.deployment($0, image: $0) } + extra
        let fixture = try SpecFixture(
            "# comment\nk8s_yaml('all.yaml')\n\(failure.spec)\n",
            files: ["all.yaml": objects.joined(separator: "\n---\n")])
        let evaluation = await fixture.evaluate()
        #expect(evaluation.plan == nil)
        #expect(evaluation.error?.message == failure.message)
        #expect(evaluation.error?.location?.description == "Devloopfile:\(failure.place)")
        #expect(evaluation.error?.hint == failure.hint)
        #expect(evaluation.error?.code.name == "spec")
    }

    @Test func duplicatesAreTakenWhenAllowed() async throws {
        let plan = try await SpecFixture(
            "k8s_yaml('a.yaml')\nk8s_yaml('a.yaml', allow_duplicates=True)\n",
            files: ["a.yaml": SpecFixture.deployment("a", image: "a")]
        ).plan()
        #expect(plan.resources.map(\.name) == ["a:deployment:default:apps:0", "a:deployment:default:apps:1"])
    }
}
