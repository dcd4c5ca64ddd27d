// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Devloopfile
import Plan
import Testing

/// The evaluation as a whole: finding the spec, loading, guarding, failing, cancelling.
struct EvaluationTests {
    static let remote = KubernetesContext(name: "prod", isLocal: false)

    @Test(arguments: [
        (["Devloopfile", "Tiltfile"], "a/b", "Devloopfile"), (["Tiltfile"], "a/b", "Tiltfile"),
        (["Devloopfile", "a/Tiltfile"], "a/b", "a/Tiltfile"),
        (["a/b/Devloopfile", "a/b/Tiltfile"], "a/b", "a/b/Devloopfile"),
    ])
    func findsTheNearestSpecUpwards(files: [String], start: String, want: String) async throws {
        let fixture = try SpecFixture(files: Dictionary(files.map { ($0, "") }) { $1 }.merging(["a/b/x": ""]) { $1 })
        let evaluation = await Devloopfile.evaluate(DevloopfileRequest(directory: fixture.directory(start)))
        #expect(evaluation.error == nil)
        #expect(evaluation.file == fixture.directory(want))
    }

    @Test func missingSpecWaitsForOne() async throws {
        let fixture = try SpecFixture()
        let evaluation = await fixture.evaluate()
        #expect(evaluation.error?.hint == "create a Devloopfile")
        #expect(evaluation.error?.code.exit == .spec)
        #expect(evaluation.watchedFiles == [fixture.directory("Devloopfile"), fixture.directory("Tiltfile")])
        let named = await Devloopfile.evaluate(DevloopfileRequest(file: "x/Spec", directory: fixture.directory.path))
        #expect(named.error?.message == "\"x/Spec\": no such file")
        #expect(named.watchedFiles == [fixture.directory("x/Spec")])
    }

    @Test func placesAreRelativeToTheStart() async throws {
        let fixture = try SpecFixture(files: ["sub/Devloopfile": "fail('x')"])
        let named = await Devloopfile.evaluate(
            DevloopfileRequest(file: "sub/Devloopfile", directory: fixture.directory.path))
        #expect(named.error?.description == "sub/Devloopfile:1:5: x")
    }

    @Test func pathsFollowTheFileThatRuns() async throws {
        let fixture = try SpecFixture(
            """
            load('lib/a.star', 'here', 'loaded')
            print(loaded)
            print(here())
            include('lib/b/Devloopfile')
            include('lib/b/Devloopfile')
            print(here())
            """,
            files: [
                "lib/a.star": "def here():\n    return os.getcwd()\nloaded = here()\n",
                "lib/b/Devloopfile": "load('../a.star', 'here')\nprint(here())\nprint(__name__)\n",
            ])
        let evaluation = await fixture.evaluate()
        let main = fixture.directory.path
        #expect(evaluation.error == nil, "\(evaluation.error?.report ?? "")")
        #expect(evaluation.output == ["\(main)/lib", main, "\(main)/lib/b", "Devloopfile", main])
        #expect(
            evaluation.watchedFiles.map { $0.dropFirst(main.count + 1) } == [
                "Devloopfile", "lib/a.star", "lib/b/Devloopfile",
            ])
    }

    @Test func errorsInLoadedFilesTellTheWay() async throws {
        let fixture = try SpecFixture(
            "load('lib/a.star', 'f')\ndef g():\n    f(1)\n\ng()\n",
            files: ["lib/a.star": "def f(x):\n    return x + 'a'\n"])
        let error = try #require(await fixture.evaluate().error)
        #expect(error.description == "lib/a.star:2:14: unknown binary op: int + string")
        #expect(
            error.backtrace == [
                "Devloopfile:5:2: in <toplevel>", "Devloopfile:3:6: in g", "lib/a.star:2:14: in f",
            ])
    }

    @Test func endlessRecursionIsToldInAFewLines() async throws {
        let error = try #require(await SpecFixture("def f():\n    f()\nf()\n").evaluate().error)
        #expect(error.message == "Starlark stack overflow")
        #expect(error.backtrace.count == 21)
        #expect(error.backtrace.first == "Devloopfile:3:2: in <toplevel>")
        #expect(error.backtrace[10].hasSuffix(" more calls)"))
        #expect(error.backtrace.last == "Devloopfile:2:6: in f")
    }

    @Test func deeplyNestedValuesAreNoCrash() async throws {
        let fixture = try SpecFixture("x = []\nfor i in range(50000):\n    x = [x]\n")
        let evaluation = await fixture.evaluate()
        #expect(evaluation.error == nil)
    }

    @Test func failingLoadIsToldFromTheInside() async throws {
        let fixture = try SpecFixture(
            "\nload('a.star', 'x')\n", files: ["a.star": "\n\nx = [1][2]\n"])
        let error = try #require(await fixture.evaluate().error)
        #expect(error.location?.description == "a.star:3:8")
        #expect(error.backtrace == ["Devloopfile:2:1: in <toplevel>", "a.star:3:8: in <toplevel>"])
    }

    @Test(arguments: [
        ("load('a.star', 'x')", "a.star:1:1", "a.star", "load('Devloopfile', 'y')"),
        ("include('a.star')", "a.star:1:8", "a.star", "include('a.star')"),
    ])
    func circlesAreRefused(spec: String, place: String, name: String, text: String) async throws {
        let error = try #require(await SpecFixture(spec, files: [name: text]).evaluate().error)
        #expect(error.message.contains("circular load: "))
        #expect(error.location?.description == place)
    }

    @Test func syntaxErrorsOfAllPlacesAreListed() async throws {
        let error = try #require(await SpecFixture("a = b\nc = d\n").evaluate().error)
        #expect(error.description == "Devloopfile:1:5: undefined: b")
        #expect(error.backtrace == ["Devloopfile:2:5: undefined: d"])
    }

    @Test func unknownExtensionsAreRefusedByName() async throws {
        let error = try #require(await SpecFixture("load('ext://tests/golang', 'x')").evaluate().error)
        #expect(error.message.contains("devloop does not have this extension"))
        #expect(error.location?.line == 1)
    }

    @Test func brokenManifestIsShownAtItsPlace() async throws {
        let fixture = try SpecFixture(
            "def deploy():\n    k8s_yaml('m.yaml')\ndeploy()\n", files: ["m.yaml": "kind: A\n  b: c\n"])
        let evaluation = await fixture.evaluate()
        #expect(evaluation.error?.code.name == "yaml")
        #expect(evaluation.error?.location == SourceLocation(file: "m.yaml", line: 2, column: 4))
        #expect(
            evaluation.error?.backtrace == ["Devloopfile:3:7: in <toplevel>", "Devloopfile:2:13: in deploy"])
        #expect(evaluation.watchedFiles == [fixture.directory("Devloopfile"), fixture.directory("m.yaml")])
    }

    @Test(arguments: [
        ("- a\n", "a manifest must be a mapping with apiVersion, kind and metadata", 1, 1),
        ("kind: Pod\n", "the object has no apiVersion", 1, 1), ("\napiVersion: v1\n", "the object has no kind", 2, 1),
        ("apiVersion: v1\nkind: Pod\n", "the object has no metadata.name", 1, 1),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: 12}\n", "metadata.name must be a string", 3, 18),
        ("apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n", "the object has no apiVersion", 4, 3),
    ])
    func manifestsThatAreNoObjects(text: String, message: String, line: Int, column: Int) async throws {
        let error = try #require(await SpecFixture("k8s_yaml('m.yaml')", files: ["m.yaml": text]).evaluate().error)
        #expect(error.message == message)
        #expect(error.location == SourceLocation(file: "m.yaml", line: line, column: column))
    }

    @Test func exitKeepsWhatIsThere() async throws {
        let fixture = try SpecFixture(
            "local_resource('a', 'x')\ninclude('b')\nlocal_resource('c', 'x')\n",
            files: ["b": "local_resource('b', 'x')\nexit()\n"])
        #expect(try await fixture.plan().resources.map(\.name) == ["a", "b"])
    }

    @Test func localIsRefusedBeforeAnythingRuns() async throws {
        let fixture = try SpecFixture("local('touch ran')\n")
        let refused = await fixture.evaluate(context: Self.remote)
        #expect(refused.error?.message == "local: refused, because \"prod\" may be a production cluster")
        #expect(refused.error?.location?.description == "Devloopfile:1:6")
        #expect(!TestFiles.exists(fixture.directory("ran")))
        #expect(await fixture.evaluate(context: KubernetesContext(name: "k", isLocal: true)).error == nil)
        #expect(TestFiles.exists(fixture.directory("ran")))
        let allowed = try SpecFixture("allow_k8s_contexts('prod')\nlocal('true')\n")
        #expect(await allowed.evaluate(context: Self.remote).error == nil)
        #expect(try await SpecFixture("local('true')").plan().resources.isEmpty)
    }

    @Test func localGivesItsOutput() async throws {
        let fixture = try SpecFixture(
            """
            os.putenv('X', '1')
            print(str(local('cat; echo $X$Y; pwd', stdin='in ', env={'Y': '2'}, dir='sub', quiet=True)).strip())
            local(['echo', 'a  b'], echo_off=True)
            """, files: ["sub/x": ""])
        let evaluation = await fixture.evaluate()
        #expect(evaluation.error == nil, "\(evaluation.error?.report ?? "")")
        #expect(
            evaluation.output == [
                "local: cat; echo $X$Y; pwd", "in 12\n\(fixture.directory("sub"))", " → a  b",
            ])
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["while True: pass", "local('sleep 600')"])
    func cancelEndsIt(spec: String) async throws {
        let fixture = try SpecFixture("local('touch started')\n" + spec)
        let task = Task { await fixture.evaluate() }
        #expect(await poll { TestFiles.exists(fixture.directory("started")) })
        task.cancel()
        let evaluation = await task.value
        #expect(evaluation.error?.code.name == "interrupted")
        #expect(evaluation.plan == nil)
    }

    @Test func failureIsAnAnswerInJSON() async throws {
        let fixture = try SpecFixture("def f():\n    fail('no')\nf()\n")
        #expect(
            Devloopfile.json(await fixture.evaluate()) == [
                "resources": [], "images": [], "warnings": [], "watched_files": ["Devloopfile"],
                "error": [
                    "message": "no", "file": "Devloopfile", "line": 2, "column": 9,
                    "backtrace": ["Devloopfile:3:2: in <toplevel>", "Devloopfile:2:9: in f"],
                ],
            ])
    }

    @Test func warningsHavePlaces() async throws {
        let evaluation = try await SpecFixture("\nwarn('old')\n").evaluate()
        #expect(Devloopfile.json(evaluation)["warnings"] == ["Devloopfile:2:5: old"])
    }
}
