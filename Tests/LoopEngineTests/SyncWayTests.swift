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
}
