// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopLive
import Testing

/// What nodes and Minikube tell, and what follows from it.
struct ClusterFactsTests {
    @Test(arguments: [
        ("containerd://1.7.13", NodeFacts.Runtime.containerd), ("docker://24.0.7", .docker), ("cri-o://1.24.6", .crio),
        ("rkt://1.30", .other("rkt")), ("strange", .other("strange")),
    ]) func runtimes(text: String, want: NodeFacts.Runtime) {
        #expect(NodeFacts(name: "n", runtimeVersion: text).runtime == want)
    }

    @Test func nodesAreRead() throws {
        let node = try JSONValue(
            parsing: Array(
                """
                {"metadata": {"name": "dev-m02", "uid": "u1", "labels": {"minikube.k8s.io/name": "dev"}},
                 "status": {"nodeInfo": {"architecture": "arm64", "containerRuntimeVersion": "containerd://1.7.13"}}}
                """.utf8))
        #expect(
            NodeFacts(node: node)
                == NodeFacts(
                    name: "dev-m02", uid: "u1", runtimeVersion: "containerd://1.7.13", architecture: "arm64",
                    minikubeProfile: "dev"))
        let empty = NodeFacts(node: [:])
        #expect(empty.runtime == .other("unknown") && empty.architecture == "amd64")
    }

    @Test func driversAreReadFromTheListOfProfiles() throws {
        let list = try JSONValue(
            parsing: Array(
                """
                {"invalid": [{"Name": "old", "Status": "", "Config": null}],
                 "valid": [{"Name": "minikube", "Status": "Skipped", "Config": {"Name": "minikube", "Driver": "docker"}},
                           {"Name": "vm", "Status": "Skipped", "Config": {"Name": "vm", "VMDriver": "kvm2", "Driver": ""}}]}
                """.utf8))
        #expect(MinikubeProfile.driver(of: "minikube", list: list) == "docker")
        #expect(MinikubeProfile.driver(of: "vm", list: list) == nil)
        #expect(MinikubeProfile.driver(of: "old", list: list) == nil)
        #expect(MinikubeProfile.driver(of: "none", list: list) == nil)
        #expect(MinikubeProfile.driver(config: ["VMDriver": "kvm2"]) == "kvm2")
    }

    @Test(arguments: [
        ("docker", MinikubeProfile.Driver.containers(program: "docker")), ("podman", .containers(program: "podman")),
        ("none", MinikubeProfile.Driver.none), ("kvm2", .machines), ("ssh", .machines), ("", nil),
    ]) func drivers(name: String, want: MinikubeProfile.Driver?) {
        #expect(MinikubeProfile(name: "p", driver: name).kind == want)
    }

    @Test func nodesOfTwoArchitecturesAreTold() {
        let nodes = [
            NodeFacts(name: "one", runtimeVersion: "containerd://1", architecture: "amd64"),
            NodeFacts(name: "two", runtimeVersion: "containerd://1", architecture: "arm64"),
        ]
        #expect(ArchitectureCheck.mixture(of: []) == nil)
        #expect(ArchitectureCheck.mixture(of: [nodes[0], nodes[0]]) == nil)
        #expect(ArchitectureCheck.mixture(of: nodes) == "images are made for amd64, and node two is arm64")
    }

    @Test func theReportsExitCodeSaysTheWorst() {
        var report = DoctorReport()
        #expect(report.exit == .ok)
        report.checks = [.init("a", .warning, "w"), .init("b", .unused, "u", hint: "h")]
        #expect(report.exit == .ok)
        report.checks.append(.init("c", .broken, "missing", hint: "install c"))
        #expect(report.exit == .workFailed)
        #expect(report.text.contains("broken: missing") && report.text.contains("hint: install c"))
        report.clusterError = DevloopError(.clusterUnreachable, "refused", hint: "start it")
        #expect(report.exit == .cluster)
        #expect(report.json["exit"] == 4 && report.json.at("error", "hint") == "start it")
    }
}
