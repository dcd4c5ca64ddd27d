// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Devloopfile
import Plan
import Testing

/// What single builtins take and give.
struct BuiltinTests {
    static let app =
        "k8s_yaml(blob('{apiVersion: v1, kind: Pod, metadata: {name: app}, spec: {containers: [{image: app}]}}'))\n"

    @Test(
        arguments: [
            ("8080", "localhost", 8080, nil), ("'8080'", "localhost", 8080, nil), ("'8080:80'", "localhost", 8080, 80),
            ("'0.0.0.0:8080:80'", "0.0.0.0", 8080, 80), ("[8080]", "localhost", 8080, nil),
            ("('8080:80',)", "localhost", 8080, 80),
            ("port_forward(8080)", "localhost", 8080, nil), ("port_forward(8080, 80)", "localhost", 8080, 80),
            ("[port_forward(8080, container_port=80, host='my-host.local')]", "my-host.local", 8080, 80),
            ("port_forward(8080, None)", "localhost", 8080, nil),
        ] as [(String, String, Int, Int?)])
    func portForwardForms(source: String, host: String, local: Int, container: Int?) async throws {
        let plan = try await SpecFixture(Self.app + "k8s_resource('app', port_forwards=\(source))").plan()
        var want = PortForward(localPort: local, containerPort: container)
        want.host = host
        #expect(plan.resource("app")?.kubernetes?.portForwards == [want])
    }

    @Test func portForwardCarriesAllItIsGiven() async throws {
        let plan = try await SpecFixture(
            Self.app
                + "k8s_resource('app', port_forwards=port_forward(1, 2, 'n', link_path='/x', host='h', on_busy='fail'))"
        ).plan()
        var want = PortForward(localPort: 1, containerPort: 2)
        (want.name, want.linkPath, want.host, want.onBusy) = ("n", "/x", "h", .fail)
        #expect(plan.resource("app")?.kubernetes?.portForwards == [want])
    }

    /// Expressions that print, and what they print.
    @Test(arguments: [
        ("os.path.join('a', 'b', '../c')", "a/c"), ("os.path.join('a', '/b')", "/b"),
        ("os.path.basename('/a/b.txt')", "b.txt"),
        ("os.path.dirname('/a/b.txt')", "/a"), ("os.path.dirname('b.txt')", "."),
        ("os.path.relpath('/a/b', '/a/c')", "../b"),
        ("os.path.exists('Devloopfile')", "True"), ("os.path.exists('nope')", "False"),
        ("os.path.abspath('x') == os.path.join(os.getcwd(), 'x')", "True"), ("os.name", "posix"),
        ("os.getenv('DEVLOOP_SURELY_UNSET')", "None"), ("os.getenv('DEVLOOP_SURELY_UNSET', 'd')", "d"),
        ("os.putenv('A_B', 'c') or os.getenv('A_B')", "c"), ("'HOME' in os.environ", "True"),
        ("os.environ.get('DEVLOOP_SURELY_UNSET', 'e')", "e"), ("type(blob('x'))", "blob"), ("str(blob('x'))", "x"),
        ("bool(blob(''))", "False"), ("read_file('f.txt')", "text\n"), ("read_file('nope', default='d')", "d"),
        ("[os.path.basename(f) for f in listdir('dir')]", "[\"a\", \"c\"]"),
        ("[os.path.relpath(f, 'dir') for f in listdir('dir', recursive=True)]", "[\"a\", \"b/d\", \"c\"]"),
        ("config.main_dir == os.getcwd()", "True"), ("os.path.basename(config.main_path)", "Devloopfile"),
        ("config.tilt_subcommand", "up"), ("__name__", "__main__"), ("os.path.basename(__file__)", "Devloopfile"),
        ("k8s_context()", "kind-x"), ("k8s_namespace()", "ns"), ("shlex.quote(\"it's\")", "'it'\"'\"'s'"),
        ("shlex.quote('a/b-c=1')", "a/b-c=1"), ("shlex.quote('')", "''"),
        ("TRIGGER_MODE_MANUAL", "TRIGGER_MODE_MANUAL"),
        ("type(port_forward(1))", "port_forward"), ("link('http://a', 'b')", "link(url=\"http://a\", name=\"b\")"),
        ("struct(a=1).a", "1"), ("sync", "<built-in function sync>"),
    ])
    func prints(expression: String, want: String) async throws {
        let fixture = try SpecFixture(
            "print(\(expression))", files: ["f.txt": "text\n", "dir/a": "", "dir/b/d": "", "dir/c": ""])
        let evaluation = await fixture.evaluate(
            context: KubernetesContext(name: "kind-x", namespace: "ns", isLocal: true))
        #expect(evaluation.error == nil, "\(evaluation.error?.report ?? "")")
        #expect(evaluation.output == [want])
    }

    /// Calls that cannot be carried out, and the hint.
    @Test(
        arguments: [
            ("k8s_yaml()", "k8s_yaml: missing argument for yaml", nil),
            (
                "k8s_yaml('nope.yaml')", "k8s_yaml: cannot read \"nope.yaml\": no such file or directory",
                "paths are relative to DIR"
            ),
            ("k8s_yaml([])", "k8s_yaml: yaml is empty", "give a path, a blob, or a list of them"),
            ("k8s_yaml(blob(''))", "k8s_yaml: the text holds no object", nil),
            ("k8s_yaml(None)", "k8s_yaml: yaml is None", "give a path or a blob"),
            ("k8s_yaml(yml='a')", "k8s_yaml: unexpected keyword argument \"yml\"", "did you mean \"yaml\"?"),
            ("k8s_yaml('a', yaml='b')", "k8s_yaml: got multiple values for keyword argument \"yaml\"", nil),
            ("k8s_yaml(1, 2, 3)", "k8s_yaml: got 3 arguments, want at most 2", nil),
            ("k8s_resource('a', port_forwards=70000)", "k8s_resource: port 70000 is not between 0 and 65535", nil),
            ("k8s_resource('a', port_forwards='x')", "k8s_resource: \"x\" is no port number", nil),
            ("k8s_resource('a', port_forwards='b_d:1:2')", "k8s_resource: \"b_d\" is no host name or IP address", nil),
            (
                "k8s_resource('a', port_forwards=True)",
                "k8s_resource: port_forwards must be an int, a string, a port_forward, or a list of them, got bool", nil
            ),
            (
                "k8s_resource('a', links='a b')", "k8s_resource: \"a b\" is no URL", "such as http://localhost:8080"
            ),
            (
                "k8s_resource('a', labels='a b')", "k8s_resource: \"a b\" is no label",
                "up to 63 letters, digits, '-', '_' and '.', inside only"
            ),
            (
                "k8s_resource('a', pod_readiness='x')",
                "k8s_resource: pod_readiness must be \"wait\", \"ignore\" or \"succeeded\", got \"x\"", nil
            ),
            (
                "k8s_resource('a', trigger_mode=1)",
                "k8s_resource: trigger_mode must be TRIGGER_MODE_AUTO or TRIGGER_MODE_MANUAL, got int", nil
            ),
            ("k8s_resource('a', auto_init='no')", "k8s_resource: auto_init must be True or False, got string", nil),
            (
                "k8s_resource('a', extra_pod_selectors={'a': 1})",
                "k8s_resource: extra_pod_selectors must map strings to strings, it has \"a\": 1", nil
            ),
            (
                "k8s_resource(new_name='a')", "k8s_resource: names neither a workload nor objects",
                "give workload= or objects=[...]"
            ),
            ("k8s_resource(objects='a')", "k8s_resource: a resource of objects alone needs a new_name", nil),
            ("port_forward('x')", "port_forward: local_port must be an int, got string", nil),
            ("port_forward(1, on_busy='x')", "port_forward: on_busy must be \"move\" or \"fail\", got \"x\"", nil),
            (
                "swift_image('a', packag='.')", "swift_image: unexpected keyword argument \"packag\"",
                "did you mean \"package\"?"
            ),
            (
                "swift_image('a')", "swift_image: there is no \"Package.swift\"",
                "package= names the directory of a Swift package"
            ),
            ("swift_image('a', 'nope')", "swift_image: package \"nope\" is no directory", nil),
            (
                "swift_image('A')", "swift_image: \"A\" is no image reference",
                "lower case, such as registry.example.com/team/app"
            ),
            (
                "swift_image('a', 'pkg', resources=['x'])",
                "swift_image: resources must hold pairs such as ('Public', '/app/Public'), got \"x\"", nil
            ),
            (
                "swift_image('a', 'pkg', resources=[('nope', '/x')])", "swift_image: resource \"nope\" does not exist",
                nil
            ),
            (
                "swift_image('a', 'pkg', resources=[('pkg', 'x')])",
                "swift_image: resource destination \"x\" is not absolute", nil
            ),
            (
                "swift_image('a', 'pkg', live_update=['x'])", "swift_image: live_update must hold steps, got string",
                "sync(...), run(...), fall_back_on(...), restart_container() or initial_sync()"
            ),
            ("swift_image('a', 'pkg', base='B')", "swift_image: base \"B\" is no image reference", nil),
            (
                "swift_image('a', 'pkg', base='oci:nope')", "swift_image: base \"nope\" is no directory",
                "oci: names the directory of an OCI layout, oci-archive: and docker-archive: name a file"
            ),
            (
                "swift_image('a', 'pkg', base='docker-archive:pkg')", "swift_image: base \"pkg\" is no file",
                "oci: names the directory of an OCI layout, oci-archive: and docker-archive: name a file"
            ),
            (
                "swift_image('a', 'pkg', user='ann')", "swift_image: an image from scratch has no user \"ann\"",
                "give numbers, such as user='1000:1000'"
            ),
            (
                "swift_image('a', 'pkg', user='1:2:3')", "swift_image: user \"1:2:3\" is neither user nor user:group",
                nil
            ),
            ("swift_image('a', 'pkg', workdir='data')", "swift_image: workdir \"data\" is not absolute", nil),
            (
                "swift_image('a', 'pkg', ports=[80, 'x'])",
                "swift_image: ports must hold ports such as 8080 or '53/udp', got \"x\"", nil
            ),
            (
                "swift_image('a', 'pkg', ports=[70000])",
                "swift_image: ports must hold ports such as 8080 or '53/udp', got 70000", nil
            ),
            (
                "[swift_image('a', 'pkg'), swift_image('docker.io/library/a', 'pkg')]",
                "swift_image: image \"docker.io/library/a\" is there already",
                "it is there since Devloopfile:1:13"
            ),
            ("custom_build('a', 'b', [])", "custom_build: deps is empty", "name the files that the image is made of"),
            (
                "custom_build('a', 'b', '.', tag='x', outputs_image_ref_to='y')",
                "custom_build: tag and outputs_image_ref_to exclude each other", nil
            ),
            (
                "custom_build('a', 'b', '.', live_update=[run('x'), sync('a', '/a')])",
                "custom_build: live_update has sync after run",
                "order: initial_sync, fall_back_on, sync, run, restart_container"
            ),
            ("sync('a', 'b')", "sync: destination \"b\" is not absolute", nil),
            ("sync('a')", "sync: missing argument for remote_path", nil),
            (
                "sync('a', '/b', policy='reload')", "sync: there is no policy \"reload\"",
                "policies: sync, restart, build, ignore"
            ),
            (
                "sync('a', '/b', signal='KILL')", "sync: there is no signal \"KILL\" that a program can handle",
                "signals: HUP, INT, QUIT, USR1, USR2, TERM, CONT, WINCH"
            ),
            (
                "sync('a', '/b', policy='restart', signal='HUP')", "sync: signal means nothing with policy \"restart\"",
                "leave one of them out"
            ),
            (
                "swift_image('a', package='pkg', resources=[('pkg', '/devloop/app/pkg')])",
                "swift_image: resource destination \"/devloop/app/pkg\" is in /devloop, which devloop keeps for itself",
                "another path, or sync() with initial_sync(), which may lead to /devloop/app"
            ),
            ("sync('a', '/b', policy='ignore')", "sync: remote_path means nothing with policy \"ignore\"", nil),
            ("local_resource('a')", "local_resource: neither cmd nor serve_cmd is given", "give one of them, or both"),
            (
                "[local_resource('a', 'x'), local_resource('a', 'y')]",
                "local_resource: local_resource named \"a\" already exists", "it is there since Devloopfile:1:16"
            ),
            (
                "local_resource('a', 'x', readiness_probe=1)",
                "local_resource: readiness_probe must be a probe, got int", "probe(http_get=...)"
            ),
            (
                "local('echo out; echo err >&2; exit 3')",
                "local: \"echo out; echo err >&2; exit 3\" failed: exit code 3\n  err", nil
            ),
            (
                "default_registry('http://a')", "default_registry: \"http://a\" is no registry host",
                "write it without a scheme: localhost:5000"
            ),
            (
                "ci_settings(timeout='soon')", "ci_settings: timeout \"soon\" is no duration",
                "such as 90s, 30m or 1h30m"
            ),
            (
                "watch_settings(settle='20s')", "watch_settings: settle must be from 1ms to 10s",
                "unless said, settle is 10ms and settle_limit 150ms"
            ),
            (
                "watch_settings(settle='50ms', settle_limit='20ms')",
                "watch_settings: settle_limit must be at least settle",
                "a save is complete at settle_limit at the latest"
            ),
            (
                "update_settings(max_parallel_updates=0)",
                "update_settings: max_parallel_updates must be at least 1, got 0", nil
            ),
            (
                "[trigger_mode(TRIGGER_MODE_AUTO), trigger_mode(TRIGGER_MODE_AUTO)]",
                "trigger_mode: can be called once only", "it was called at Devloopfile:1:14"
            ),
            (
                "read_file('nope')", "read_file: cannot read \"nope\": no such file or directory",
                "paths are relative to DIR"
            ),
            ("listdir('nope')", "listdir: cannot read \"nope\": no such file or directory", nil),
            ("include('nope')", "include: cannot load \"nope\": no such file, or it cannot be read", nil),
            ("fail('as asked')", "as asked", nil), ("k8s_yam('x')", "undefined: k8s_yam", "did you mean \"k8s_yaml\"?"),
            (
                "helm('x')", "helm: there is no chart at \"x\"", "name a directory that has a Chart.yaml"
            ),
            (
                "v1alpha1.cmd()", "v1alpha1.cmd: session objects of Tilt are not supported",
                "local_resource(name, cmd) runs a command"
            ),
        ] as [(String, String, String?)])
    func refuses(call: String, message: String, hint: String?) async throws {
        let fixture = try SpecFixture(call, files: ["pkg/Package.swift": "// swift-tools-version: 6.0\n"])
        let error = try #require(await fixture.evaluate().error)
        #expect(error.message == message)
        #expect(error.hint == hint?.replacing("DIR", with: fixture.directory.path))
        #expect(error.location?.file == "Devloopfile" && error.location?.line == 1 && error.location?.column != nil)
        #expect(error.code.name == "spec")
    }

    @Test func swiftImageIsTakenWhole() async throws {
        let fixture = try SpecFixture(
            """
            swift_image('r:5000/a/b:tag', package='pkg', product='p', base='debian:12', args=['x'], env={'K': 'V'},
                resources=[('pkg/Public', '/app/./Public')], live_update=[sync('pkg/Public', '/app/Public/')],
                live=False, user='1000:2', workdir='/data/./x', ports=[8080, '53/udp'], roll_back=True)
            """, files: ["pkg/Package.swift": "", "pkg/Public/a": ""])
        let image = try #require(try await fixture.plan().images.first)
        let mapping = FileMapping(source: fixture.directory("pkg/Public"), destination: "/app/Public")
        var swift = SwiftImage(package: fixture.directory("pkg"), product: "p", base: "debian:12")
        (swift.arguments, swift.environment, swift.resources, swift.live) = (["x"], ["K": "V"], [mapping], false)
        (swift.user, swift.directory, swift.ports) = ("1000:2", "/data/x", ["8080/tcp", "53/udp"])
        swift.rollsBack = true
        #expect(image.ref == "r:5000/a/b:tag" && image.repository == "r:5000/a/b")
        #expect(image.builder == .swift(swift))
        #expect(image.liveUpdate == [.sync(mapping)])
        #expect(image.location == SourceLocation(file: "Devloopfile", line: 1, column: 12))
    }

    @Test func aSyncStepMayHaveAPolicy() async throws {
        let fixture = try SpecFixture(
            """
            swift_image('a', 'pkg', live_update=[sync('pkg/a', '/a'), sync('pkg/b', '/b', signal='SIGUSR1'),
                sync('pkg/c', '/c/', policy='restart'), sync('pkg/d', policy='build'), sync('pkg/e', policy='ignore')])
            """, files: ["pkg/Package.swift": ""])
        let image = try #require(try await fixture.plan().images.first)
        let usr1 = try #require(ProcessSignal("USR1"))
        #expect(usr1.number == 10)
        func mapping(_ name: String, _ destination: String, _ policy: SyncPolicy) -> LiveUpdateStep {
            .sync(FileMapping(source: fixture.directory("pkg/\(name)"), destination: destination, policy: policy))
        }
        #expect(
            image.liveUpdate == [
                mapping("a", "/a", .sync), mapping("b", "/b", .signal(usr1)), mapping("c", "/c", .restart),
                mapping("d", "", .build), mapping("e", "", .ignore),
            ])
        let steps = Devloopfile.json(await fixture.evaluate())["images"]?.array?.first?["live_update"]?.array ?? []
        #expect(
            steps == [
                ["step": "sync", "source": "pkg/a", "destination": "/a"],
                ["step": "sync", "source": "pkg/b", "destination": "/b", "signal": "USR1"],
                ["step": "sync", "source": "pkg/c", "destination": "/c", "policy": "restart"],
                ["step": "sync", "source": "pkg/d", "policy": "build"],
                ["step": "sync", "source": "pkg/e", "policy": "ignore"],
            ])
    }

    @Test func basesOfThisMachineAreInputs() async throws {
        let fixture = try SpecFixture(
            """
            swift_image('a', 'pkg', base='oci:layout')
            swift_image('b', 'pkg', base='layout')
            swift_image('c', 'pkg', base='docker-archive:base.tar', user='ann')
            """, files: ["pkg/Package.swift": "", "layout/oci-layout": "", "base.tar": ""])
        let images = try await fixture.plan().images
        let (layout, archive) = (fixture.directory("layout"), fixture.directory("base.tar"))
        #expect(images.map(\.swift?.base) == ["oci:\(layout)", "oci:\(layout)", "docker-archive:\(archive)"])
        #expect(images.map(\.inputs) == [[layout], [layout], [archive]])
    }

    @Test func commandsCarryDirectoryAndEnvironment() async throws {
        let fixture = try SpecFixture(
            """
            os.putenv('SHARED', 'yes')
            local_resource('a', 'make', deps=['src', '/abs'], env={'A': 'b'}, dir='sub',
                serve_cmd=['serve', '-v'], ignore='*.o')
            image_loader('load -')
            """)
        let plan = try await fixture.plan()
        let local = try #require(plan.resource("a")?.local)
        #expect(
            local.command
                == Command(
                    arguments: ["sh", "-c", "make"], directory: fixture.directory("sub"),
                    environment: ["A": "b", "SHARED": "yes"]))
        #expect(
            local.serveCommand
                == Command(
                    arguments: ["serve", "-v"], directory: fixture.directory.path, environment: ["SHARED": "yes"]))
        #expect(local.deps == [fixture.directory("src"), "/abs"])
        #expect(local.ignored.matches(fixture.directory("a.o")) && !local.ignored.matches(fixture.directory("src/a.o")))
        #expect(plan.settings.imageLoader?.arguments == ["sh", "-c", "load -"])
    }

    @Test func settingsAreCollected() async throws {
        let settings = try await SpecFixture(
            """
            allow_k8s_contexts('a')
            allow_k8s_contexts(['b', 'c'])
            default_registry('h', host_from_cluster='c', single_name='s')
            update_settings(max_parallel_updates=7)
            ci_settings(timeout='1h5m', readiness_timeout='1.5s')
            watch_settings(settle='30ms')
            watch_settings(settle_limit='400ms')
            """
        ).plan().settings
        #expect(settings.allowedContexts == ["a", "b", "c"])
        #expect(settings.defaultRegistry == DefaultRegistry(host: "h", hostFromCluster: "c", singleName: "s"))
        #expect(settings.maximumParallelUpdates == 7)
        #expect(settings.ciTimeout == 3900)
        #expect(settings.ciReadinessTimeout == 1.5)
        #expect(settings.settle == 0.03)
        #expect(settings.settleLimit == 0.4)
        #expect(try await SpecFixture("watch_settings(settle='1s')").plan().settings.settleLimit == 1)
        #expect(try await SpecFixture("watch_settings(ignore='a')").plan().settings.settle == 0.01)
    }
}
