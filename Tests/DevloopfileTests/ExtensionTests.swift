// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Devloopfile
import Plan
import Testing

/// `ext://`: where extensions come from, and what the bundled ones do.
@Suite(.timeLimit(.minutes(1)))
struct ExtensionTests {
    static func names(_ plan: Plan) -> [String] {
        plan.resources.flatMap { $0.kubernetes?.objects ?? [] }.map(\.shortName)
    }

    @Test func bundledOnesMakeObjects() async throws {
        let plan = try await SpecFixture(
            """
            load('ext://namespace', 'namespace_create', 'namespace_inject', 'namespace_yaml')
            load('ext://secret', 'secret_create_generic', 'secret_from_dict', 'secret_create_tls', 'secret_yaml_registry')
            load('ext://configmap', 'configmap_create', 'configmap_from_dict')
            namespace_create('one', labels=['team: a'], annotations={'note': 'x'})
            namespace_create('one', allow_duplicates=True)
            k8s_yaml(namespace_inject('web.yaml', 'two'))
            secret_create_generic('files', from_file=['d', 'key=f.txt'], namespace='two', secret_type='custom')
            secret_create_generic('env', from_env_file='.env')
            k8s_yaml(secret_from_dict('dict', inputs={'a': 'b', 'n': 3}))
            secret_create_tls('tls', cert='f.txt', key='d/x')
            k8s_yaml(secret_yaml_registry('reg', flags_dict={'docker-server': 's', 'docker-username': 'u',
                'docker-password': 'p'}))
            configmap_create('cm', from_file='f.txt')
            local("printf '\\\\377\\\\000' >bin")
            configmap_create('bin', from_file='bin')
            k8s_yaml(configmap_from_dict('cmd', inputs={'a': 1}))
            """,
            files: [
                "web.yaml": SpecFixture.deployment("web", image: "x"), "d/x": "inner", "f.txt": "text\n",
                ".env": "# no\nA=1\n\nB=two words\n",
            ]
        ).plan()
        let objects = Dictionary(
            plan.resources.flatMap { $0.kubernetes?.objects ?? [] }.map { ($0.shortName, $0) }
        ) { first, _ in first }
        #expect(objects["namespace/one"]?.json.at("metadata", "labels") == ["team": "a"])
        #expect(objects["namespace/one"]?.json.at("metadata", "annotations") == ["note": "x"])
        #expect(objects["deployment/web"]?.namespace == "two")
        #expect(objects["deployment/web"]?.json.at("spec", "template", "metadata", "namespace") == "two")
        #expect(objects["secret/files"]?.json["data"] == ["x": "aW5uZXI=", "key": "dGV4dAo="])
        #expect(objects["secret/files"]?.json["type"] == "custom" && objects["secret/files"]?.namespace == "two")
        #expect(objects["secret/env"]?.json["data"] == ["A": "MQ==", "B": "dHdvIHdvcmRz"])
        #expect(objects["secret/dict"]?.json["data"] == ["a": "Yg==", "n": "Mw=="])
        #expect(objects["secret/tls"]?.json["type"] == "kubernetes.io/tls")
        #expect(objects["secret/reg"]?.json["type"] == "kubernetes.io/dockerconfigjson")
        let registry = objects["secret/reg"]?.json.at("data", ".dockerconfigjson")?.string.flatMap(Base64.decode) ?? []
        let login = try JSONValue(parsing: registry).at("auths", "s")
        #expect(login == ["auth": "dTpw", "password": "p", "username": "u"])
        #expect(objects["configmap/cm"]?.json["data"] == ["f.txt": "text\n"])
        #expect(objects["configmap/bin"]?.json["binaryData"] == ["bin": "/wA="])
        #expect(objects["configmap/cmd"]?.json["data"] == ["a": "1"])
    }

    @Test func releasesAreResources() async throws {
        let plan = try await SpecFixture(
            """
            load('ext://helm_resource', 'helm_resource', 'helm_repo')
            load('ext://dotenv', 'dotenv')
            load('ext://local_output', 'local_output')
            dotenv('my.env')
            docker_build('app', '.')
            helm_repo('charts', 'https://charts.example.com', labels=['infra'])
            helm_resource('shop', 'chart', namespace='n', flags=['--set', local_output(['printenv', 'FLAG'])], image_deps=['app'],
                image_keys=[('image.repository', 'image.tag')], resource_deps=['charts'], port_forwards=['80:80'])
            """,
            files: [
                "Dockerfile": "FROM scratch", "chart/Chart.yaml": "name: x",
                "my.env": "# no\nexport FLAG=\"a=b c\"\nBARE\nOTHER='x'\n",
            ]
        ).plan()
        #expect(plan.resources.map(\.name) == ["shop", "charts"])
        let shop = try #require(plan.resource("shop"))
        let deploy = try #require(shop.kubernetes?.customDeploy)
        #expect(shop.dependencies == ["charts"] && shop.kubernetes?.images == ["app"])
        #expect(
            deploy.apply.arguments.last
                == "helm upgrade --install shop chart --namespace n --create-namespace --set 'a=b c' --set "
                + "image.repository=$DEVLOOP_IMAGE_REPOSITORY_0 --set image.tag=$DEVLOOP_IMAGE_TAG_0 >&2 && "
                + "helm get manifest shop --namespace n")
        #expect(deploy.delete.arguments == ["helm", "uninstall", "shop", "--namespace", "n"])
        #expect(plan.resource("charts")?.local?.command?.arguments.prefix(4) == ["helm", "repo", "add", "charts"])
        #expect(plan.resource("charts")?.labels == ["infra"])
    }

    @Test func restartsNeedNoSecondImage() async throws {
        let fixture = try SpecFixture(
            """
            load('ext://restart_process', 'docker_build_with_restart', 'custom_build_with_restart')
            docker_build_with_restart('a', '.', entrypoint=['/a'], live_update=[sync('x', '/x')], only=['x'],
                restart_file='/r', trigger=['x'], exit_policy='continue')
            custom_build_with_restart('b', 'make', ['.'], entrypoint='/b', live_update=[sync('x', '/x')], tag='t')
            k8s_yaml(['a.yaml', 'b.yaml'])
            """,
            files: [
                "Dockerfile": "FROM scratch", "a.yaml": SpecFixture.deployment("a", image: "a"),
                "b.yaml": SpecFixture.deployment("b", image: "b"),
            ])
        let plan = try await fixture.plan()
        #expect(plan.images.map(\.ref) == ["a", "b"])
        #expect(plan.image("a")?.liveUpdate.last == .restartOn([fixture.directory("x")]))
        #expect(plan.image("b")?.liveUpdate.last == .restart)
        #expect(plan.images.map(\.staysAfterExit) == [true, false])
        #expect(plan.image("a")?.entrypoint == ["/a"] && plan.image("b")?.entrypoint == ["sh", "-c", "/b"])
    }

    @Test func buttonsAreCommands() async throws {
        let fixture = try SpecFixture(
            """
            load('ext://uibutton', 'cmd_button', 'location', 'text_input', 'bool_input', 'choice_input')
            local_resource('a', 'true')
            cmd_button('seed', argv=['seed', '-v'], resource='a', text='Seed', icon_name='x')
            cmd_button('nav', argv=['n'], location=location.NAV, env=['A=1'], inputs=[text_input('T', default='t'),
                bool_input('B', default=True), choice_input('C', choices=['c', 'd'])])
            """)
        let buttons = try await fixture.plan().settings.buttons
        #expect(buttons.map(\.name) == ["seed", "nav"])
        #expect(buttons.map(\.text) == ["Seed", "nav"] && buttons.map(\.resource) == ["a", nil])
        #expect(buttons.first?.command == Command(arguments: ["seed", "-v"], directory: fixture.directory.path))
        #expect(buttons.last?.command.environment == ["A": "1", "T": "t", "B": "true", "C": "c"])
    }

    @Test(arguments: [
        ([:], "'\\033[0;32mgo\\033[0m'"), (["NO_COLOR": "1"], "'go'"),
    ])
    func coloursAreSequences(variables: [String: String], want: String) async throws {
        let settings = variables.map { "os.putenv('\($0.key)', '\($0.value)')\n" }.joined()
        let evaluation = await try SpecFixture(
            "os.unsetenv('NO_COLOR')\n\(settings)c = load_dynamic('ext://color')['color']\nprint(c.green('go') == \(want))"
        ).evaluate()
        #expect(evaluation.output == ["True"], "\(evaluation.error?.report ?? "")")
    }

    @Test func foldersComeBeforeTheBundledOnes() async throws {
        let fixture = try SpecFixture(
            """
            os.putenv('DEVLOOP_EXTENSIONS', os.getcwd() + '/none:' + os.getcwd() + '/mine')
            v1alpha1.extension_repo(name='more', url='file://' + os.getcwd() + '/repo', load_host='more')
            v1alpha1.extension(name='alias', repo_name='more', repo_path='deep/y')
            load('ext://color', color='word')
            load('ext://more/x', x='word')
            load('ext://alias', y='word')
            print(color, x, y)
            """,
            files: [
                "mine/color/Tiltfile": "word = 'mine'", "repo/x/Tiltfile": "word = 'x'",
                "repo/deep/y/Tiltfile": "word = 'y'",
            ])
        let evaluation = await fixture.evaluate()
        #expect(evaluation.output == ["mine x y"], "\(evaluation.error?.report ?? "")")
        #expect(evaluation.watchedFiles.contains(fixture.directory("mine/color/Tiltfile")))
    }

    @Test(arguments: [
        (
            "load('ext://nope', 'x')", "cannot load \"ext://nope\": devloop does not have this extension",
            "put its folder into a directory that DEVLOOP_EXTENSIONS names"
        ),
        (
            "load('http://x', 'y')", "cannot load \"http://x\": there are no modules of this kind",
            "load a file by its path"
        ),
        (
            "v1alpha1.extension_repo(name='x', url='https://github.com/x/y')",
            "extension_repo: \"https://github.com/x/y\" is no folder of this machine", "clone it"
        ),
        (
            "v1alpha1.extension_repo(name='x', url='file:///nowhere/at/all')",
            "extension_repo: extension folder \"/nowhere/at/all\" does not exist", ""
        ),
        (
            "v1alpha1.ui_button()", "v1alpha1.ui_button: session objects of Tilt are not supported",
            "load('ext://uibutton'"
        ),
        ("docker_compose('x.yml')", "docker_compose: Docker Compose is not supported", "describe the services"),
        ("dc_resource('x')", "dc_resource: Docker Compose is not supported", "describe the services"),
        (
            "load('ext://uibutton', 'cmd_button'); cmd_button('b', argv=['x'])",
            "cmd_button \"b\": give the name of a resource, or location=location.NAV", ""
        ),
        (
            "load('ext://restart_process', 'docker_build_with_restart')\n"
                + "docker_build_with_restart('a', '.', '/a', [])",
            "live_update is empty, so that there is nothing to restart after: use docker_build or custom_build", ""
        ),
    ])
    func refuses(spec: String, message: String, hint: String) async throws {
        let error = try #require(await SpecFixture(spec).evaluate().error)
        #expect(error.message.hasPrefix(message) || error.message.hasSuffix(message), "\(error.report)")
        #expect(hint.isEmpty || error.hint?.hasPrefix(hint) == true, "\(error.hint ?? "")")
    }

    @Test func housekeepingIsToldOnce() async throws {
        let plan = try await SpecFixture(
            "version_settings(constraint='>=1')\nanalytics_settings(True)\nversion_settings(check_updates=False)\n"
                + "set_team('x'); enable_feature('y'); docker_prune_settings(disable=True)"
        ).plan()
        #expect(
            plan.warnings.map(\.message)
                == ["version_settings", "analytics_settings", "set_team", "enable_feature", "docker_prune_settings"].map
            { "\($0) has no effect in devloop" })
    }
}
