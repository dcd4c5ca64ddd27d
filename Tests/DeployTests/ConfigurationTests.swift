// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Plan
import Testing

/// Pods follow the ConfigMaps and Secrets of the spec that they use.
@Suite(.timeLimit(.minutes(1)))
struct ConfigurationTests {
    private static func object(_ kind: String, _ name: String, _ value: String = "1", namespace: String? = nil)
        -> ManifestObject
    {
        var json: JSONValue = [
            "apiVersion": "v1", "kind": .string(kind), "metadata": ["name": .string(name)],
            "data": ["value": .string(value), "other": "2"],
        ]
        if let namespace { json["metadata"]?["namespace"] = .string(namespace) }
        return ManifestObject(json)
    }

    static let uses: [(String, JSONObject, String?)] = [
        ("nothing", ["containers": [["name": "c"]]], nil),
        (
            "envFrom", ["containers": [["name": "c", "envFrom": [["configMapRef": ["name": "a"]]]]]], "ConfigMap/a"
        ),
        (
            "envFrom of a Secret", ["containers": [["name": "c", "envFrom": [["secretRef": ["name": "a"]]]]]],
            "Secret/a"
        ),
        (
            "a variable",
            [
                "containers": [
                    [
                        "name": "c",
                        "env": [["name": "V", "valueFrom": ["configMapKeyRef": ["name": "a", "key": "value"]]]],
                    ]
                ]
            ], "ConfigMap/a"
        ),
        (
            "a variable of an init container",
            [
                "initContainers": [
                    [
                        "name": "c",
                        "env": [["name": "V", "valueFrom": ["secretKeyRef": ["name": "a", "key": "value"]]]],
                    ]
                ]
            ], "Secret/a"
        ),
        ("a volume", ["volumes": [["name": "v", "configMap": ["name": "a"]]]], "ConfigMap/a"),
        ("a volume of a Secret", ["volumes": [["name": "v", "secret": ["secretName": "a"]]]], "Secret/a"),
        (
            "a projected volume",
            ["volumes": [["name": "v", "projected": ["sources": [["secret": ["name": "a"]]]]]]], "Secret/a"
        ),
        ("another one", ["volumes": [["name": "v", "configMap": ["name": "b"]]]], nil),
        // Credentials for pulling are not read by the program.
        ("a pull secret", ["imagePullSecrets": [["name": "a"]]], nil),
    ]

    @Test(arguments: uses) func findsWhatPodsUse(_ name: String, _ spec: JSONObject, _ wanted: String?) {
        let all = [Self.object("ConfigMap", "a"), Self.object("Secret", "a")]
        let workload = ManifestObject(RendererTests.deployment([], more: spec))
        #expect(workload.configuration(in: all).map { "\($0.kind)/\($0.name)" } == (wanted.map { [$0] } ?? []))
        // In another namespace it is another object.
        let elsewhere = [Self.object("ConfigMap", "a", namespace: "x"), Self.object("Secret", "a", namespace: "x")]
        #expect(workload.configuration(in: elsewhere).isEmpty)
    }

    private static func mark(_ configuration: [ManifestObject]) -> (String?, String?) {
        var renderer = RendererTests.renderer()
        // The text itself, so that the test sees what counts.
        renderer.digest = { $0 }
        renderer.configuration = configuration
        let rendered = renderer.render(
            ManifestObject(
                RendererTests.deployment(
                    [["name": "c", "envFrom": [["configMapRef": ["name": "a"]], ["secretRef": ["name": "b"]]]]])))
        let annotations = rendered.json.at("spec", "template", "metadata", "annotations")
        return (annotations?["devloop.dev/configuration"]?.string, rendered.generation)
    }

    @Test func theTemplateFollowsWhatItUses() {
        let first = Self.mark([Self.object("ConfigMap", "a"), Self.object("Secret", "b")])
        #expect(first.0 != nil)
        // In any order, of objects and of keys.
        var turned = Self.object("ConfigMap", "a")
        turned.json["data"] = ["other": "2", "value": "1"]
        #expect(Self.mark([Self.object("Secret", "b"), turned]) == first)
        let second = Self.mark([Self.object("ConfigMap", "a", "changed"), Self.object("Secret", "b")])
        #expect(second.0 != first.0)
        #expect(second.1 != first.1)
        // What it does not use is nothing to it; with nothing to follow, nothing is added.
        #expect(
            Self.mark([Self.object("ConfigMap", "a"), Self.object("Secret", "b"), Self.object("Secret", "c")]) == first)
        #expect(Self.mark([]).0 == nil)
    }

    @Test func aPlanKnowsWhatAResourceFollows() {
        var web = KubernetesResource(objects: [
            ManifestObject(
                RendererTests.deployment([["name": "c", "envFrom": [["configMapRef": ["name": "a"]]]]]))
        ])
        let maps = KubernetesResource(objects: [Self.object("ConfigMap", "a"), Self.object("ConfigMap", "b")])
        func followed() -> [String] {
            let resource = Resource(name: "web", kind: .k8s(web))
            let plan = Plan(resources: [resource, Resource(name: "uncategorized", kind: .k8s(maps))])
            return plan.configuration(of: resource).map(\.name)
        }
        #expect(followed() == ["a"])
        web.rollsOnConfiguration = false
        #expect(followed().isEmpty)
    }
}
