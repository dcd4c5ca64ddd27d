// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Testing

/// How changes come into containers, by image, manifest and what is known of the image's program.
@Suite(.timeLimit(.minutes(1)))
struct SyncWayTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var image: Image
        var container: JSONValue = ["name": "main", "image": "shop/web"]
        var kind = "Deployment"
        var program: ImageProgram?
        /// `built-in`, `injected`, `nil`, or a part of the reason.
        var wanted: String
        var testDescription: String { name }
    }

    static let rules: [LiveUpdateStep] = [.sync(FileMapping(source: "/p/www", destination: "/www"))]

    static func docker(_ steps: [LiveUpdateStep] = rules, entrypoint: [String]? = nil) -> Image {
        var image = Image(
            ref: "shop/web", builder: .docker(DockerBuild(context: "/p", dockerfile: nil, text: "")), liveUpdate: steps)
        image.entrypoint = entrypoint
        return image
    }

    static let unknown = ImageProgram(entrypoint: nil, problem: "no registry answers")

    static let cases: [Case] = [
        Case(name: "Swift image", image: Samples.image(), wanted: "built-in"),
        Case(name: "Swift image that is not live", image: Samples.image(live: false), wanted: "nil"),
        Case(name: "no rules", image: docker([]), wanted: "nil"),
        Case(name: "nothing to sync", image: docker([.fallBackOn(["/p/lock"]), .restart]), wanted: "nil"),
        Case(name: "not made yet", image: docker(), wanted: "injected"),
        Case(
            name: "the image's program", image: docker(), program: ImageProgram(entrypoint: ["/s"]), wanted: "injected"),
        Case(
            name: "arguments alone are a program too", image: docker(),
            program: ImageProgram(entrypoint: [], arguments: ["/s"]), wanted: "injected"),
        Case(name: "nobody knows", image: docker(), program: unknown, wanted: "no registry answers"),
        Case(
            name: "no program at all", image: docker(), program: ImageProgram(entrypoint: []),
            wanted: "neither shop/web nor the manifest names a program"),
        Case(
            name: "the manifest's command", image: docker(),
            container: ["name": "main", "image": "shop/web:dev", "command": ["/s"]], program: unknown,
            wanted: "injected"),
        Case(
            name: "arguments of the manifest need the image's program", image: docker(),
            container: ["name": "main", "image": "shop/web", "args": ["/s"]], program: unknown,
            wanted: "no registry answers"),
        Case(name: "the spec's entrypoint", image: docker(entrypoint: ["/s"]), program: unknown, wanted: "injected"),
        Case(
            name: "a base that no container runs", image: docker(), container: ["name": "main", "image": "shop/app"],
            wanted: "no Pod template of web that devloop knows runs shop/web"),
        Case(name: "a custom resource", image: docker(), kind: "Rollout", wanted: "no Pod template of web"),
        Case(
            name: "a Swift image in a custom resource", image: Samples.image(), kind: "Rollout",
            wanted: "no Pod template"),
    ]

    @Test(arguments: cases) func chooses(_ item: Case) {
        let template: JSONValue = ["spec": ["containers": [item.container]]]
        var kubernetes = KubernetesResource(objects: [
            ManifestObject([
                "apiVersion": "v1", "kind": .string(item.kind), "metadata": ["name": "web"],
                "spec": ["template": template],
            ])
        ])
        kubernetes.images = ["shop/web"]
        let way = SyncWay.choose(
            item.image, in: Resource(name: "web", kind: .k8s(kubernetes)), program: item.program)
        switch way {
        case nil: #expect(item.wanted == "nil")
        case .builtIn: #expect(item.wanted == "built-in")
        case .injected: #expect(item.wanted == "injected")
        case .foreign: #expect(item.wanted == "foreign")
        case .refused(let reason): #expect(reason.contains(item.wanted))
        }
    }

    @Test func whatACommandDeploysHasNoAgent() {
        var kubernetes = KubernetesResource(objects: [])
        let command = Command(arguments: ["true"], directory: "/")
        kubernetes.customDeploy = CustomDeploy(apply: command, delete: command, deps: [])
        let way = SyncWay.choose(Self.docker(), in: Resource(name: "chart", kind: .k8s(kubernetes)))
        #expect(way == .refused("chart is deployed by its own command, so that its Pods have no agent"))
    }

    @Test(arguments: ForeignContainers.Via.allCases)
    func whatIsSyncedIntoForeignContainersIsNoImage(_ via: ForeignContainers.Via) {
        let resource = Resource(name: "chart", kind: .k8s(KubernetesResource(objects: [])))
        let steps = [LiveUpdateStep.sync(FileMapping(source: "/project/a", destination: "/a"))]
        let image = Image.foreign(ForeignContainers(via: via), of: "chart", steps)
        #expect(SyncWay.choose(image, in: resource) == .foreign(via))
        #expect(SyncWay.choose(Image.foreign(ForeignContainers(via: via), of: "chart", []), in: resource) == nil)
    }

    /// An agent in the container, what the spec asks for, the server's version, and what comes of it.
    static let ways: [(agent: String?, via: ForeignContainers.Via, server: String?, way: ContainerWay)] = [
        ("/devloop/agent", .agent, "v1.20.2", .agent("/devloop/agent")), ("/devloop/agent", .tar, "v1.20.2", .tar),
        (nil, .tar, nil, .tar),
        (
            nil, .agent, "v1.20.2",
            .refused(
                "its Pods have no agent, and an ephemeral container with one needs Kubernetes 1.25, the server has "
                    + "v1.20.2")
        ),
        (nil, .agent, "v1.25.0", .ephemeral), (nil, .agent, "v1.30.2+k3s1", .ephemeral),
        (nil, .agent, "1.31+", .ephemeral),
        (nil, .agent, "v2.0.0", .ephemeral),
        (
            nil, .agent, "v1.24.17",
            .refused(
                "its Pods have no agent, and an ephemeral container with one needs Kubernetes 1.25, the server has "
                    + "v1.24.17")
        ),
        (
            nil, .agent, nil,
            .refused(
                "its Pods have no agent, and an ephemeral container with one is not made on a server of unknown version"
            )
        ),
        ("/devloop/agent", .agent, "v1.30.0", .agent("/devloop/agent")),
    ]

    /// What an ephemeral container cannot do is not begun: it would stay in the Pod for good.
    @Test(arguments: [
        (true, false, "cannot start the program again"), (false, true, "is made by devloop up alone"),
    ])
    func whatAnEphemeralContainerCannotDo(_ restarts: Bool, _ isOneShot: Bool, _ words: String) throws {
        let container = PodStatus.Container(
            name: "main", id: "c1", isRunning: true, isReady: true, restarts: 0, role: .app)
        let wish = EphemeralWay.Wish(restarts: restarts, isOneShot: isOneShot)
        let way = ContainerWay.choose(ForeignContainers(), container, server: "v1.30.0", wish)
        guard case .refused(let reason) = way else {
            Issue.record("\(way)")
            return
        }
        #expect(reason.contains(words))
        // An agent that is there can do both.
        var other = container
        other.agent = "/a"
        #expect(ContainerWay.choose(ForeignContainers(), other, server: "v1.30.0", wish) == .agent("/a"))
    }

    @Test(arguments: ways)
    func theWayIntoAContainer(
        _ agent: String?, _ via: ForeignContainers.Via, _ server: String?, _ way: ContainerWay
    ) {
        let container = PodStatus.Container(
            name: "main", id: "c1", isRunning: true, isReady: true, restarts: 0, role: .app, agent: agent)
        #expect(ContainerWay.choose(ForeignContainers(via: via), container, server: server) == way)
    }

    /// What selects among `a` of `x/web:1` and `b` of `x/db`.
    static let selections: [(ForeignContainers, [Int])] = [
        (ForeignContainers(), [0]), (ForeignContainers(container: "b"), [1]), (ForeignContainers(container: "c"), []),
        (ForeignContainers(image: "x/db"), [1]), (ForeignContainers(image: "x/web:2"), []),
        (ForeignContainers(image: "x/web"), [0]),
    ]

    @Test(arguments: selections) func containersAreChosen(_ containers: ForeignContainers, _ wanted: [Int]) {
        #expect(containers.chosen(of: [("a", "x/web:1"), ("b", "x/db")]) == wanted)
    }

    // MARK: The ladder

    struct Rung: Sendable, CustomTestStringConvertible {
        var code: DevloopError.Code
        var failures: Int
        var behind: SyncLadder.Behind
        var step: SyncLadder.Step
        var testDescription: String { "\(code.name), \(failures), \(behind)" }
    }

    static let ladder: [Rung] = [
        Rung(code: .syncDisconnected, failures: 1, behind: .image, step: .stream),
        Rung(code: .sync, failures: 3, behind: .image, step: .stream),
        Rung(code: .syncSourceChanged, failures: 4, behind: .image, step: .image),
        Rung(code: .sync, failures: 4, behind: .command, step: .command),
        Rung(code: .sync, failures: 4, behind: .nothing, step: .later),
        Rung(code: .syncImpossible, failures: 1, behind: .image, step: .image),
        Rung(code: .syncImpossible, failures: 1, behind: .command, step: .command),
        Rung(code: .syncImpossible, failures: 1, behind: .nothing, step: .save),
        Rung(code: .syncBusy, failures: 9, behind: .image, step: .owner),
        Rung(code: .syncLeftover, failures: 1, behind: .image, step: .pod),
        Rung(code: .clusterUnreachable, failures: 0, behind: .image, step: .stream),
    ]

    @Test(arguments: ladder) func afterAFailureTheNextStepIsTried(_ rung: Rung) {
        #expect(SyncLadder.step(after: rung.code, failures: rung.failures, behind: rung.behind) == rung.step)
    }
}
