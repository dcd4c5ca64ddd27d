// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Devloopfile
import Testing

/// JSON and YAML as values, and what the spec is told on the command line.
struct DataTests {
    @Test(arguments: [
        ("decode_json('{\"a\": [1, 2.5, null, true, \"x\"]}')", "{\"a\": [1, 2.5, None, True, \"x\"]}"),
        ("decode_yaml('a: 0x10\\nb: yes')", "{\"a\": 16, \"b\": True}"),
        ("decode_yaml_stream('a: 1\\n---\\n---\\n- b')", "[{\"a\": 1}, [\"b\"]]"),
        ("decode_yaml(blob('1'))", "1"), ("read_json('d.json')['k']", "v"), ("read_json('nope', default={})", "{}"),
        ("read_yaml('d.yaml')", "{\"k\": [1]}"), ("read_yaml_stream('d.yaml')", "[{\"k\": [1]}]"),
        (
            "str(encode_json({'a': [1, (2, None)], 'b': {}}))",
            "{\n  \"a\": [\n    1,\n    [\n      2,\n      null\n    ]\n  ],\n  \"b\": {}\n}\n"
        ),
        ("str(encode_yaml({'a': ['b', 'yes']}))", "a:\n- b\n- \"yes\"\n"),
        ("str(encode_yaml_stream([{'a': 1}, {'b': 2}]))", "a: 1\n---\nb: 2\n"),
        ("decode_yaml(encode_yaml({'x': 1.5})) == {'x': 1.5}", "True"),
    ])
    func converts(expression: String, want: String) async throws {
        let fixture = try SpecFixture(
            "print(\(expression))", files: ["d.json": "{\"k\": \"v\"}", "d.yaml": "k: [1]\n"])
        let evaluation = await fixture.evaluate()
        #expect(evaluation.error == nil, "\(evaluation.error?.report ?? "")")
        #expect(evaluation.output == [want])
    }

    @Test(arguments: [
        ("read_json('bad.json')", "no valid JSON: expected ':'", "bad.json:2:6"),
        ("read_yaml('bad.yaml')", "mapping values are not allowed in this context", "bad.yaml:1:5"),
        ("decode_yaml('')", "decode_yaml: text at Devloopfile:1:12 holds 0 documents, want one", "Devloopfile:1:12"),
        (
            "decode_yaml('a\\n---\\nb')", "decode_yaml: text at Devloopfile:1:12 holds 2 documents, want one",
            "Devloopfile:1:12"
        ),
        ("encode_json({1: 2})", "encode_json: keys must be strings, got 1", "Devloopfile:1:12"),
        (
            "encode_json(len)", "encode_json: a builtin_function_or_method cannot be expressed as data",
            "Devloopfile:1:12"
        ),
        ("encode_yaml_stream({})", "encode_yaml_stream: a stream is made of a list, got dict", "Devloopfile:1:19"),
        (
            "[x.append(x) or encode_json(x) for x in [[]]]",
            "encode_json: the value is nested too deeply, or contains itself", "Devloopfile:1:28"
        ),
        ("decode_json(1)", "decode_json: json must be a string or a blob, got int", "Devloopfile:1:12"),
    ])
    func refuses(call: String, message: String, place: String) async throws {
        let error = try #require(
            await SpecFixture(call, files: ["bad.json": "{\n \"é\" 1}", "bad.yaml": "a: b: c\n"]).evaluate().error)
        #expect(error.message == message)
        #expect(error.location?.description == place)
    }

    static let spec = """
        config.define_string('name')
        config.define_string_list('parts', args=True)
        config.define_bool('fast', usage='skip checks')
        print(config.parse())

        """

    @Test(
        arguments: [
            ([], nil, "{}"), (["--name", "x", "a", "b"], nil, "{\"name\": \"x\", \"parts\": [\"a\", \"b\"]}"),
            (["--name=x", "-fast"], nil, "{\"name\": \"x\", \"fast\": True}"),
            (["--fast=false"], nil, "{\"fast\": False}"),
            (["--parts", "a", "--parts=b"], nil, "{\"parts\": [\"a\", \"b\"]}"),
            ([], "{\"name\": \"f\", \"parts\": [\"p\"]}", "{\"name\": \"f\", \"parts\": [\"p\"]}"),
            (["--name=x"], "{\"name\": \"f\", \"fast\": true}", "{\"name\": \"x\", \"fast\": True}"),
        ] as [([String], String?, String)])
    func argumentsBecomeSettings(arguments: [String], file: String?, want: String) async throws {
        let fixture = try SpecFixture(Self.spec, files: file.map { ["tilt_config.json": $0] } ?? [:])
        let evaluation = await fixture.evaluate(arguments: arguments)
        #expect(evaluation.error == nil, "\(evaluation.error?.report ?? "")")
        #expect(evaluation.output == [want])
        #expect(evaluation.watchedFiles.contains(fixture.directory("tilt_config.json")))
    }

    @Test(
        arguments: [
            (["--nam=x"], "the spec has no setting \"nam\"", "did you mean \"name\"?"),
            (["--name"], "--name needs a value", nil),
            (["--fast=x"], "--fast is true or false, not \"x\"", nil),
        ] as [([String], String, String?)])
    func wrongArgumentsAreWrongUsage(arguments: [String], message: String, hint: String?) async throws {
        let error = try #require(await SpecFixture(Self.spec).evaluate(arguments: arguments).error)
        #expect(error.message == message)
        #expect(error.hint == hint)
        #expect(error.code.exit == .usage)
    }

    @Test func argumentsThatNobodyReadsAreWrongUsage() async throws {
        let error = try #require(await SpecFixture("x = 1").evaluate(arguments: ["web"]).error)
        #expect(error.code.exit == .usage)
        #expect(error.message == "the spec takes no arguments, but \"web\" was given after --")
    }
}
