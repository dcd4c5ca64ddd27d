// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LocalPods
import Plan
import Testing

struct ContainerVariablesTests {
    private static let pod = ContainerVariables.Pod(
        name: "web-1", namespace: "default", uid: "u1", labels: ["app": "web"], annotations: ["note": "x"],
        serviceAccount: "runner", node: "here")

    private static func store() throws -> ConfigurationStore {
        var store = ConfigurationStore()
        try store.add(
            ManifestObject([
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "settings"],
                "data": ["PORT": "8080", "NAME": "map"],
            ]), namespace: "default")
        try store.add(
            ManifestObject([
                "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "keys"], "data": ["KEY": "c2VjcmV0"],
                "stringData": ["NAME": "secret"],
            ]), namespace: "default")
        return store
    }

    private func variables(_ container: JSONValue, base: [String: String] = [:]) throws -> ContainerVariables {
        ContainerVariables(container, base: base, store: try Self.store(), pod: Self.pod) { reference in
            reference["resource"]?.string == "limits.cpu" ? "2" : nil
        }
    }

    @Test("Later sources win, and Services are weaker than all")
    func order() throws {
        let container: JSONValue = [
            "envFrom": [
                ["configMapRef": ["name": "settings"]], ["prefix": "S_", "secretRef": ["name": "keys"]],
                ["secretRef": ["name": "keys"]],
            ],
            "env": [["name": "PORT", "value": "9090"]],
        ]
        let found = try variables(container, base: ["PORT": "1", "HOME": "/h"])
        #expect(found.problem == nil)
        #expect(
            found.own == [
                "PORT": "9090", "NAME": "secret", "S_NAME": "secret", "S_KEY": "secret", "KEY": "secret",
            ])
        #expect(found.all["HOME"] == "/h")
        #expect(found.own["HOME"] == nil)
    }

    @Test("Variables from keys, fields and limits")
    func references() throws {
        func from(_ source: JSONValue) -> JSONValue { ["name": "X", "valueFrom": source] }
        let rows: [(JSONValue, String?)] = [
            (["configMapKeyRef": ["name": "settings", "key": "NAME"]], "map"),
            (["secretKeyRef": ["name": "keys", "key": "KEY"]], "secret"),
            (["secretKeyRef": ["name": "keys", "key": "NONE", "optional": true]], nil),
            (["configMapKeyRef": ["name": "none", "key": "NONE", "optional": true]], nil),
            (["fieldRef": ["fieldPath": "metadata.name"]], "web-1"),
            (["fieldRef": ["fieldPath": "metadata.namespace"]], "default"),
            (["fieldRef": ["fieldPath": "metadata.labels['app']"]], "web"),
            (["fieldRef": ["fieldPath": "metadata.annotations['note']"]], "x"),
            (["fieldRef": ["fieldPath": "status.podIP"]], "127.0.0.1"),
            (["fieldRef": ["fieldPath": "spec.serviceAccountName"]], "runner"),
            (["resourceFieldRef": ["resource": "limits.cpu"]], "2"),
        ]
        for (source, expected) in rows {
            let found = try variables(["env": [from(source)]])
            #expect(found.problem == nil)
            #expect(found.own["X"] == expected, "\(source.jsonText)")
        }
    }

    @Test("What is missing is told in the kubelet's words")
    func problems() throws {
        let rows: [(JSONValue, String)] = [
            (["envFrom": [["configMapRef": ["name": "none"]]]], "configmap \"none\" not found"),
            (["envFrom": [["secretRef": ["name": "none"]]]], "secret \"none\" not found"),
            (
                ["env": [["name": "X", "valueFrom": ["configMapKeyRef": ["name": "settings", "key": "no"]]]]],
                "couldn't find key no in ConfigMap default/settings"
            ),
            (
                ["env": [["name": "X", "valueFrom": ["secretKeyRef": ["name": "none", "key": "no"]]]]],
                "secret \"none\" not found"
            ),
            (
                ["env": [["name": "X", "valueFrom": ["fieldRef": ["fieldPath": "spec.nothing"]]]]],
                "unsupported fieldPath: spec.nothing"
            ),
            (
                ["env": [["name": "X", "valueFrom": ["resourceFieldRef": ["resource": "limits.gold"]]]]],
                "unsupported container resource: limits.gold"
            ),
        ]
        for (container, expected) in rows { #expect(try variables(container).problem == expected) }
        let optional: JSONValue = ["envFrom": [["configMapRef": ["name": "none", "optional": true]]]]
        #expect(try variables(optional).problem == nil)
    }

    @Test(
        "Variables in variables, as Kubernetes expands them",
        arguments: [
            ("$(A)/x", "1/x"), ("$(A)$(B)", "12"), ("$(C)", "$(C)"), ("$$(A)", "$(A)"), ("$A", "$A"), ("$", "$"),
            ("$(A", "$(A"), ("a$$b", "a$b"), ("", ""),
        ])
    func expands(_ text: String, _ expected: String) {
        #expect(ContainerVariables.expanded(text, ["A": "1", "B": "2"]) == expected)
    }

    @Test("A variable may use those before it")
    func uses() throws {
        let container: JSONValue = [
            "env": [
                ["name": "A", "value": "$(B)"], ["name": "B", "value": "b"], ["name": "C", "value": "$(B)-$(HOST)"],
            ]
        ]
        let found = try variables(container, base: ["HOST": "h"])
        #expect(found.own == ["A": "$(B)", "B": "b", "C": "b-h"])
    }

    @Test("What the API server would refuse is refused, with the key")
    func refuses() {
        let rows: [(JSONValue, String)] = [
            (
                [
                    "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a"], "data": ["PORT": 8080],
                ], "ConfigMap a: data.PORT is no text"
            ),
            (
                ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "b"], "data": ["KEY": "not base64!"]],
                "Secret b: data.KEY is not base64"
            ),
        ]
        for (json, message) in rows {
            var store = ConfigurationStore()
            let error = #expect(throws: DevloopError.self) {
                try store.add(ManifestObject(json), namespace: "default")
            }
            #expect(error?.message == message)
        }
    }
}
