// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Devloopfile
import Plan
import Testing

/// Which objects are workloads, what they are called, and which others they take.
@Suite(.timeLimit(.minutes(1)))
struct WorkloadTests {
    static let foo = """
        apiVersion: example.com/v1
        kind: Foo
        metadata: {name: f}
        spec: {image: "demo/a:v1", other: {repo: demo/b, version: "2"}, env: [{name: X, value: demo/c}]}

        """
    static let files = ["Dockerfile": "FROM scratch\n", "foo.yaml": foo, "web.yaml": web]
    static let web =
        SpecFixture.deployment("web", image: "demo/web")
        + "---\n{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}}}\n"
    static let builds = "[docker_build('demo/' + x, '.') for x in ['a', 'b', 'c']]\nk8s_yaml('foo.yaml')\n"

    static func resources(_ plan: Plan) -> [String] {
        plan.resources.map { resource in
            let parts = (resource.kubernetes?.objects.map(\.shortName) ?? []) + (resource.kubernetes?.images ?? [])
            return "\(resource.name): \(parts.joined(separator: " "))"
        }
    }

    /// Rules for kinds, and what becomes of a `Foo`.
    @Test(arguments: [
        ("", ["uncategorized: foo/f"]),
        ("k8s_kind('Foo')", ["f: foo/f"]),
        ("k8s_kind('foo')", ["f: foo/f"]),
        ("k8s_kind('fo')", ["uncategorized: foo/f"]),
        ("k8s_kind('F.*', api_version='example.com/v1')", ["f: foo/f"]),
        ("k8s_kind('Foo', api_version='example.com/v2')", ["uncategorized: foo/f"]),
        ("k8s_kind('Foo', image_json_path='{.spec.image}')", ["f: foo/f demo/a"]),
        ("k8s_kind('Foo', image_json_path=['{.spec.image}', 'spec.other.repo'])", ["f: foo/f demo/a demo/b"]),
        ("k8s_kind('Foo', image_json_path=\"{.spec.env[?(@.name=='X')].value}\")", ["f: foo/f demo/c"]),
        ("k8s_kind('Foo', image_json_path='{..value}')", ["f: foo/f demo/c"]),
        (
            "k8s_kind('Foo', image_object={'json_path': '{.spec.other}', 'repo_field': 'repo', 'tag_field': 'version'})",
            ["f: foo/f demo/b"]
        ),
        ("k8s_image_json_path('{.spec.image}', kind='Foo')", ["f: foo/f demo/a"]),
        ("k8s_image_json_path('{.spec.nope}', name='f')", ["uncategorized: foo/f"]),
        ("k8s_image_json_path('{.spec.image}', name='g')", ["uncategorized: foo/f"]),
    ])
    func kindsAreWorkloadsWhenToldSo(rule: String, want: [String]) async throws {
        let plan = try await SpecFixture(rule + "\n" + Self.builds, files: Self.files).plan()
        #expect(Self.resources(plan) == want)
        // Rules also hold when they come later.
        let later = try await SpecFixture(Self.builds + rule, files: Self.files).plan()
        #expect(Self.resources(later) == want)
    }

    @Test(arguments: [
        ("workload_to_resource_function(lambda id: 'x-' + id.name)", ["x-web: deployment/web service/web"]),
        (
            "workload_to_resource_function(lambda id: '%s/%s/%s/%s' % (id.group, id.kind, id.namespace, id.name))",
            ["apps/Deployment/default/web: deployment/web service/web"]
        ),
    ])
    func aFunctionNamesWorkloads(call: String, want: [String]) async throws {
        let plan = try await SpecFixture("k8s_yaml('web.yaml')\n" + call, files: Self.files).plan()
        #expect(Self.resources(plan) == want)
    }

    @Test(arguments: [
        (
            "workload_to_resource_function(lambda id: 1)",
            "workload_to_resource_function: the function must return a name for web:deployment:default, got 1"
        ),
        (
            "workload_to_resource_function(lambda id: id.nam)",
            "struct has no .nam attribute"
        ),
        ("workload_to_resource_function('x')", "workload_to_resource_function: func must be a function, got string"),
        (
            "k8s_yaml(blob('''" + SpecFixture.deployment("two", image: "x") + "'''))\n"
                + "workload_to_resource_function(lambda id: 'same')",
            "workload_to_resource_function: web:deployment:default and two:deployment:default both get the name \"same\""
        ),
        ("k8s_kind('(')", "k8s_kind: kind \"(\" is no regular expression"),
        ("k8s_kind('A', image_json_path='{.a[}')", "k8s_kind: image_json_path: \"{.a[}\" is no JSON path"),
        (
            "k8s_kind('A', image_object={'json_path': '{.a}'})",
            "k8s_kind: image_object needs json_path, repo_field and tag_field"
        ),
        ("k8s_image_json_path('{.a}')", "k8s_image_json_path: at least one of kind, name and namespace must be given"),
        ("k8s_custom_deploy('', 'a', 'b', [])", "k8s_custom_deploy: name is empty"),
        ("k8s_custom_deploy('a', '', 'b', [])", "k8s_custom_deploy: apply_cmd is empty"),
        ("k8s_custom_deploy('a', 'a', [], [])", "k8s_custom_deploy: delete_cmd is empty"),
        ("k8s_custom_deploy('web', 'a', 'b', [])", "k8s_resource named \"web\" already exists"),
        (
            "k8s_custom_deploy('a', 'a', 'b', ['.'], live_update=[sync('.', '/x')])",
            "k8s_custom_deploy: live_update needs image_selector or container_selector"
        ),
        (
            "k8s_custom_deploy('a', 'a', 'b', ['.'], image_deps=['x'])",
            "k8s_custom_deploy: image_deps names \"x\", which nothing builds"
        ),
        ("k8s_resource('web', after=['web'])", "\"web\" depends on itself"),
        (
            "local_resource('l', 'x', rebuilt_by=['web']); k8s_resource('web', rebuilt_by=['l'])",
            "rebuilt_by go in a circle: web -> l -> web"
        ),
        ("config.set_enabled_resources(['wep'])", "config.set_enabled_resources: there is no resource \"wep\""),
    ])
    func refuses(call: String, message: String) async throws {
        let error = try #require(await SpecFixture("k8s_yaml('web.yaml')\n" + call, files: Self.files).evaluate().error)
        #expect(error.message == message)
    }

    @Test func customDeploysComeFirstAndCarryTheirCommands() async throws {
        let fixture = try SpecFixture(
            """
            os.putenv('FROM_SPEC', '1')
            docker_build('demo/a', '.')
            k8s_yaml('web.yaml')
            k8s_custom_deploy('op', 'kubectl apply', ['kubectl', 'delete'], deps=['src'], apply_env={'A': 'b'},
                apply_dir='sub', image_deps=['demo/a'], container_selector='main', live_update=[sync('src/x', '/x')])
            k8s_resource('op', port_forwards=80, resource_deps=['web'])
            """, files: Self.files)
        let plan = try await fixture.plan()
        #expect(plan.resources.map(\.name) == ["op", "web"])
        let resource = try #require(plan.resource("op"))
        let deploy = try #require(resource.kubernetes?.customDeploy)
        #expect(resource.dependencies == ["web"] && resource.kubernetes?.madeImages == ["demo/a"])
        #expect(
            deploy.apply
                == Command(
                    arguments: ["sh", "-c", "kubectl apply"], directory: fixture.directory("sub"),
                    environment: ["A": "b", "FROM_SPEC": "1"]))
        #expect(deploy.imageDeps == ["demo/a"])
        #expect(deploy.delete.arguments == ["kubectl", "delete"] && deploy.containerSelector == "main")
        #expect(
            deploy.ignored.matches(fixture.directory("src/x")) && !deploy.ignored.matches(fixture.directory("src/y")))
        let live = try #require(resource.kubernetes?.foreignImage.flatMap(plan.image))
        #expect(live.foreign == ForeignContainers(container: "main") && live.liveUpdate == deploy.liveUpdate)
    }

    @Test func somebodyElsesWorkloadIsNamedByItsKindAndLabels() async throws {
        let fixture = try SpecFixture(
            """
            sync_resource('site', [sync('src/x', '/x', signal='HUP')], workload='Deployment/web', via='tar',
                selector={'tier': 'front'}, namespace='shop', container='main', port_forwards=8080, labels=['theirs'])
            k8s_resource('site', new_name='shop-site')
            """, files: Self.files)
        let plan = try await fixture.plan()
        let resource = try #require(plan.resource("shop-site"))
        let kubernetes = try #require(resource.kubernetes)
        #expect(
            kubernetes.syncTarget
                == SyncTarget(
                    workload: SyncTarget.Workload(kind: "Deployment", name: "web"), selector: ["tier": "front"],
                    namespace: "shop"))
        #expect(kubernetes.objects == [] && kubernetes.madeImages == [] && kubernetes.podReadiness == .wait)
        #expect(kubernetes.portForwards == [PortForward(localPort: 8080)] && resource.labels == ["theirs"])
        let image = try #require(kubernetes.foreignImage.flatMap(plan.image))
        #expect(image.foreign == ForeignContainers(via: .tar, container: "main"))
        #expect(plan.watchRoots.contains(fixture.directory("src/x")))
    }

    @Test(arguments: [
        ("sync_resource('a', [sync('x', '/x')])", "sync_resource: sync_resource needs workload or selector"),
        (
            "sync_resource('a', [sync('x', '/x')], workload='pod/a')",
            "sync_resource: workload \"pod/a\" is no workload that has Pods of its own"
        ),
        ("sync_resource('a', [], selector={'a': 'b'})", "sync_resource: live_update of sync_resource has no sync"),
        (
            "sync_resource('a', [sync('x', policy='build')], selector={'a': 'b'})",
            "sync_resource: live_update of sync_resource has no image that could be made instead"
        ),
        (
            "sync_resource('a', [fall_back_on('y'), sync('x', '/x')], selector={'a': 'b'})",
            "sync_resource: live_update of sync_resource has no image that could be made instead"
        ),
        (
            "sync_resource('a', [sync('x', '/x')], selector={'a': 'b'}, via='scp')",
            "sync_resource: via must be \"agent\" or \"tar\", got \"scp\""
        ),
        (
            "sync_resource('a', [sync('x', '/x', policy='restart')], selector={'a': 'b'}, via='tar')",
            "sync_resource: via=\"tar\" cannot start a program again: a new container would lack the files"
        ),
        (
            "k8s_custom_deploy('a', 'a', 'b', ['.'], container_selector='c', via='tar', "
                + "live_update=[sync('.', '/x'), restart_container()])",
            "k8s_custom_deploy: via=\"tar\" cannot start a program again: a new container would lack the files"
        ),
        ("sync_resource('web', [sync('x', '/x')], selector={'a': 'b'})", "k8s_resource named \"web\" already exists"),
    ])
    func refusesLiveUpdatesOfOthers(call: String, message: String) async throws {
        let error = try #require(await SpecFixture("k8s_yaml('web.yaml')\n" + call, files: Self.files).evaluate().error)
        #expect(error.message == message)
    }

    @Test(arguments: [("", true), ("roll_on_config=True", true), ("roll_on_config=False", false)])
    func podsFollowTheirConfigurationUnlessToldOtherwise(_ option: String, _ rolls: Bool) async throws {
        let plan = try await SpecFixture(
            "k8s_yaml('web.yaml')\nk8s_resource('web', \(option))\nk8s_resource('web', labels=['x'])\n",
            files: Self.files
        ).plan()
        #expect(plan.resource("web")?.kubernetes?.rollsOnConfiguration == rolls)
    }

    @Test func aPodTemplateHoldsImages() async throws {
        let template =
            "{apiVersion: v1, kind: PodTemplate, metadata: {name: t}, template: {spec: {containers: [{name: c, image: demo/a}]}}}"
        let plan = try await SpecFixture(
            "docker_build('demo/a', '.')\nk8s_yaml(blob('\(template)'))\n", files: Self.files
        ).plan()
        #expect(Self.resources(plan) == ["t: podtemplate/t demo/a"])
    }

    /// Objects by their names that match, and the others.
    @Test(arguments: [
        ("kind='service'", "web", "web,f"), ("name='^w'", "web,web", "f"), ("kind='foo', name='f'", "f", "web,web"),
        ("api_version='apps'", "web", "web,f"), ("namespace='default'", "web,web,f", ""),
        ("labels={'app': 'web'}", "", "web,web,f"), ("name='nope'", "", "web,web,f"),
    ])
    func filters(arguments: String, found: String, rest: String) async throws {
        let evaluation = await try SpecFixture(
            """
            parts = filter_yaml(['web.yaml', 'foo.yaml'], \(arguments))
            for part in parts:
                print(','.join([o['metadata']['name'] for o in decode_yaml_stream(part)]))
            """, files: Self.files
        ).evaluate()
        #expect(evaluation.error == nil, "\(evaluation.error?.report ?? "")")
        #expect(evaluation.output == [found, rest])
    }

    @Test func labelsMustBeOnAllThatIsMade() async throws {
        let object = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, labels: {a: b}}, spec: {template: "
        for (template, found) in [("{metadata: {labels: {a: b}}}", "1"), ("{metadata: {labels: {a: c}}}", "0")] {
            let evaluation = await try SpecFixture(
                "print(len(decode_yaml_stream(filter_yaml(blob('\(object)\(template)}}'), labels={'a': 'b'})[0])))"
            ).evaluate()
            #expect(evaluation.output == [found], "\(evaluation.error?.report ?? "")")
        }
    }
}
