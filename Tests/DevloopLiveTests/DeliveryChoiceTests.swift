// SPDX-License-Identifier: Apache-2.0

import DevloopLive
import ImageDelivery
import KubeClient
import Testing

/// Which way images take, for each kind of cluster.
struct DeliveryChoiceTests {
    private static func facts(
        _ kind: ContextKind?, _ runtimes: [String], cluster: String = "minikube",
        _ change: (inout DeliveryFacts) -> Void = { _ in }
    ) -> DeliveryFacts {
        let nodes = runtimes.enumerated().map { NodeFacts(name: "n\($0)", runtimeVersion: "\($1)://1.0") }
        var facts = DeliveryFacts(kind: kind, cluster: cluster, nodes: nodes)
        facts.programs = Set(DeliveryFacts.wantedPrograms)
        if kind == .minikube { facts.minikube = MinikubeProfile(name: "minikube", driver: "docker") }
        change(&facts)
        return facts
    }

    private static func driver(_ name: String?) -> (inout DeliveryFacts) -> Void {
        { $0.minikube = MinikubeProfile(name: "dev", driver: name) }
    }

    private static let hosting = RegistryHosting(host: "localhost:5001", hostFromContainerRuntime: "registry:5000")
    private static let inContainers = DeliveryWay.nodes(
        .containers(program: "docker"), .containerd(socket: nil), asRoot: false)

    static let cases: [(String, DeliveryFacts, DeliveryWay?)] = [
        // Minikube with containerd, by driver.
        ("docker driver", facts(.minikube, ["containerd"]), inContainers),
        ("several nodes", facts(.minikube, ["containerd", "containerd"]), inContainers),
        (
            "virtual machine", facts(.minikube, ["containerd"], driver("kvm2")),
            .nodes(.ssh, .containerd(socket: nil), asRoot: true)
        ),
        (
            "this machine", facts(.minikube, ["containerd"], driver("none")),
            .nodes(.here, .containerd(socket: nil), asRoot: true)
        ),
        (
            "this machine, as root",
            facts(.minikube, ["containerd"]) {
                driver("none")(&$0)
                $0.isRoot = true
            },
            .nodes(.here, .containerd(socket: nil), asRoot: false)
        ),
        ("podman driver", facts(.minikube, ["containerd"], driver("podman")), .program(.minikube(profile: "dev"))),
        ("driver not known", facts(.minikube, ["containerd"], driver(nil)), .program(.minikube(profile: "dev"))),
        (
            "no docker here", facts(.minikube, ["containerd"]) { $0.programs = ["minikube"] },
            .program(.minikube(profile: "minikube"))
        ),
        (
            "no ssh here, but the addon",
            facts(.minikube, ["containerd"]) {
                driver("kvm2")(&$0)
                $0.programs = ["minikube"]
                $0.hasRegistryAddon = true
            }, .registryAddon
        ),
        ("nothing here", facts(.minikube, ["containerd"]) { $0.programs = [] }, nil),
        // Minikube with docker.
        ("docker runtime", facts(.minikube, ["docker"]), .engine(.minikube(profile: "minikube"))),
        (
            "docker runtime, two nodes", facts(.minikube, ["docker", "docker"]),
            .program(.minikube(profile: "minikube"))
        ),
        (
            "docker runtime, two nodes, addon",
            facts(.minikube, ["docker", "docker"]) { $0.hasRegistryAddon = true }, .registryAddon
        ),
        // Minikube with cri-o.
        (
            "cri-o", facts(.minikube, ["cri-o"]),
            .nodes(.containers(program: "docker"), .podman, asRoot: false)
        ),
        ("cri-o, addon", facts(.minikube, ["cri-o"]) { $0.hasRegistryAddon = true }, .registryAddon),
        ("cri-o, announced", facts(.minikube, ["cri-o"]) { $0.hosting = hosting }, .hostedRegistry),
        ("cri-o, machine", facts(.minikube, ["cri-o"], driver("kvm2")), .nodes(.ssh, .podman, asRoot: true)),
        // kind and k3d.
        ("kind", facts(.kind, ["containerd"], cluster: "kind-dev"), inContainers),
        (
            "kind with registry", facts(.kind, ["containerd"], cluster: "kind-dev") { $0.hosting = hosting },
            .hostedRegistry
        ),
        (
            "kind without docker",
            facts(.kind, ["containerd"], cluster: "kind-dev") { $0.programs = ["kind"] },
            .program(.kind(cluster: "dev"))
        ),
        ("k3d", facts(.k3d, ["containerd"], cluster: "k3d-dev"), inContainers),
        (
            "k3d without docker", facts(.k3d, ["containerd"], cluster: "k3d-dev") { $0.programs = ["k3d"] },
            .program(.k3d(cluster: "dev"))
        ),
        // Our own cluster.
        (
            "devloop-local", facts(.devloopLocal, ["containerd"]) { $0.socket = "/run/c.sock" },
            .nodes(.here, .containerd(socket: "/run/c.sock"), asRoot: false)
        ),
        ("devloop-local elsewhere", facts(.devloopLocal, ["containerd"]), nil),
        // Others.
        ("docker-desktop", facts(.dockerDesktop, ["docker"]), .engine(.local)),
        ("docker-desktop, containerd", facts(.dockerDesktop, ["containerd"]), nil),
        ("orbstack", facts(.orbstack, ["docker"]), .engine(.local)),
        ("microk8s with registry", facts(.microk8s, ["containerd"]) { $0.hosting = hosting }, .hostedRegistry),
        ("microk8s", facts(.microk8s, ["containerd"]), nil),
        ("not local", facts(nil, ["containerd"]), nil),
        // What the spec says comes before all.
        (
            "image_loader",
            facts(.minikube, ["containerd"]) {
                $0.imageLoader = ["load"]
                $0.defaultRegistry = "registry.test"
            }, .loader
        ),
        ("default_registry", facts(.kind, ["containerd"]) { $0.defaultRegistry = "registry.test" }, .defaultRegistry),
    ]

    @Test(arguments: cases) func choice(_ name: String, _ facts: DeliveryFacts, _ want: DeliveryWay?) {
        let decision = DeliveryChoice.decide(facts)
        #expect(decision.way == want, "\(name)")
        for candidate in decision.candidates { #expect(!candidate.reason.isEmpty, "\(name): \(candidate.name)") }
    }

    @Test func reasonsNameWhatIsInTheWay() {
        let decision = DeliveryChoice.decide(Self.facts(.minikube, ["cri-o"]) { $0.programs = [] })
        #expect(decision.summary.hasPrefix("none: set image_loader"))
        let reasons = decision.candidates.map { "\($0.name): \($0.reason)" }
        #expect(
            reasons == [
                "image_loader: the Devloopfile names none", "default_registry: the Devloopfile names none",
                "containerd import: node n0 runs cri-o://1.0", "Docker Engine: node n0 runs cri-o://1.0",
                "registry addon: it is not enabled: minikube addons enable registry",
                "announced registry: the cluster has no ConfigMap kube-public/local-registry-hosting",
                "podman load: docker, whose containers the nodes are, is not installed here",
                "minikube image load: minikube is not installed here",
            ])
    }

    @Test func aBrokenAnnouncementIsAReason() {
        let decision = DeliveryChoice.decide(Self.facts(.kind, ["containerd"]) { $0.hostingProblem = "it is not YAML" })
        #expect(decision.candidates.contains { $0.name == "announced registry" && $0.reason == "it is not YAML" })
    }
}
