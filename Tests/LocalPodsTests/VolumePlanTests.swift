// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LocalPods
import Plan
import Testing

struct VolumePlanTests {
    private func plan(_ volumes: JSONValue...) throws -> VolumePlan {
        var store = ConfigurationStore()
        try store.add(
            ManifestObject([
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "settings"],
                "data": ["a.yaml": "a", "b.yaml": "b"],
            ]), namespace: "default")
        try store.add(
            ManifestObject([
                "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "keys"], "stringData": ["key": "k"],
            ]), namespace: "default")
        let pod = ContainerVariables.Pod(
            name: "web-1", namespace: "default", uid: "u", labels: ["app": "web"], annotations: [:],
            serviceAccount: "default", node: "here")
        return VolumePlan(["volumes": .array(volumes)], store: store, pod: pod)
    }

    private static func files(_ files: [String: String]) -> VolumePlan.Content {
        .files(files.mapValues { Array($0.utf8) })
    }

    @Test("What volumes hold")
    func contents() throws {
        let rows: [(JSONValue, VolumePlan.Content)] = [
            (["name": "v", "configMap": ["name": "settings"]], Self.files(["a.yaml": "a", "b.yaml": "b"])),
            (
                ["name": "v", "configMap": ["name": "settings", "items": [["key": "a.yaml", "path": "sub/x"]]]],
                Self.files(["sub/x": "a"])
            ),
            (["name": "v", "secret": ["secretName": "keys"]], Self.files(["key": "k"])),
            (["name": "v", "secret": ["secretName": "none", "optional": true]], Self.files([:])),
            (
                [
                    "name": "v",
                    "projected": [
                        "sources": [
                            ["secret": ["name": "keys"]], ["configMap": ["name": "settings"]],
                            [
                                "downwardAPI": [
                                    "items": [["path": "labels", "fieldRef": ["fieldPath": "metadata.labels"]]]
                                ]
                            ],
                        ]
                    ],
                ], Self.files(["key": "k", "a.yaml": "a", "b.yaml": "b", "labels": "app=\"web\""])
            ),
            (["name": "v", "emptyDir": [:]], .empty),
            (["name": "v", "hostPath": ["path": "/data"]], .host("/data")),
        ]
        for (volume, expected) in rows {
            let plan = try plan(volume)
            #expect(plan.problem == nil)
            #expect(plan.contents == ["v": expected], "\(volume.jsonText)")
        }
    }

    @Test("Why a Pod does not start")
    func problems() throws {
        let rows: [(JSONValue, VolumePlan.Problem)] = [
            (
                ["name": "v", "secret": ["secretName": "none"]],
                .notMounted("MountVolume.SetUp failed for volume \"v\" : secret \"none\" not found")
            ),
            (
                ["name": "v", "configMap": ["name": "settings", "items": [["key": "no", "path": "x"]]]],
                .notMounted("MountVolume.SetUp failed for volume \"v\" : references non-existent config key: no")
            ),
            (
                ["name": "v", "nfs": ["server": "s"]],
                .notMounted("MountVolume.SetUp failed for volume \"v\" : a volume nfs cannot be had on this machine")
            ),
            (["name": "v", "persistentVolumeClaim": ["claimName": "data"]], .claims(["data"])),
        ]
        for (volume, expected) in rows { #expect(try plan(volume).problem == expected, "\(volume.jsonText)") }
    }
}
