// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Plan
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ApplyOrderTests {
    private static func object(_ kind: String, _ name: String = "x") -> ManifestObject {
        ManifestObject(["apiVersion": "v1", "kind": .string(kind), "metadata": ["name": .string(name)]])
    }

    /// The first must be there before the second.
    static let pairs: [(String, String)] = [
        ("Namespace", "CustomResourceDefinition"), ("CustomResourceDefinition", "ConfigMap"),
        ("Namespace", "ServiceAccount"), ("ServiceAccount", "Deployment"), ("Secret", "Pod"), ("ConfigMap", "Job"),
        ("PersistentVolume", "StatefulSet"), ("PersistentVolumeClaim", "Deployment"), ("Role", "RoleBinding"),
        ("ClusterRole", "ClusterRoleBinding"), ("RoleBinding", "Deployment"), ("Service", "Deployment"),
        ("NetworkPolicy", "Pod"), ("CustomResourceDefinition", "Certificate"), ("Deployment", "Ingress"),
    ]

    @Test(arguments: pairs) func whatOthersNeedComesFirst(_ first: String, _ second: String) {
        let groups = ApplyOrder.groups([Self.object(second), Self.object(first)])
        #expect(groups.map { $0.map(\.kind) } == [[first], [second]])
    }

    @Test func oneGroupKeepsTheOrderOfTheManifests() {
        let groups = ApplyOrder.groups([
            Self.object("Deployment", "b"), Self.object("Service", "s"), Self.object("StatefulSet", "a"),
            Self.object("Deployment", "c"),
        ])
        #expect(groups.map { $0.map(\.name) } == [["s"], ["b", "a", "c"]])
    }

    @Test func nothingIsLost() {
        #expect(ApplyOrder.groups([]).isEmpty)
        let all = ["Ingress", "Namespace", "Unknown", "Pod", "Secret", "Ingress"].map { Self.object($0) }
        #expect(ApplyOrder.groups(all).flatMap { $0 }.count == all.count)
    }
}
