// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan

/// Small plans: a service `web`, and what a test adds.
enum Samples {
    /// The image `shop/web` of the product `web` in `/project`.
    static func image(
        _ name: String = "web", live: Bool = true, resources: [FileMapping] = [], liveUpdate: [LiveUpdateStep] = []
    ) -> Image {
        var swift = SwiftImage(package: "/project", product: name)
        swift.live = live
        swift.resources = resources
        return Image(ref: "shop/\(name)", builder: .swift(swift), liveUpdate: liveUpdate)
    }

    static func object(_ kind: String, _ name: String, image: String? = nil) -> ManifestObject {
        var json: JSONValue = [
            "apiVersion": "v1", "kind": .string(kind), "metadata": ["name": .string(name)],
        ]
        if let image {
            let containers: JSONValue = [["name": "main", "image": .string(image)]]
            json["spec"] = ["template": ["spec": ["containers": containers]]]
        }
        return ManifestObject(json, at: SourceLocation(file: "/project/k8s/\(name).yaml", line: 1))
    }

    /// A Deployment of the image `shop/<name>`.
    static func service(_ name: String = "web", image: String? = nil, ports: [PortForward] = []) -> Resource {
        let image = image ?? "shop/\(name)"
        var kubernetes = KubernetesResource(objects: [object("Deployment", name, image: image)])
        kubernetes.images = [image]
        kubernetes.portForwards = ports
        return Resource(name: name, kind: .k8s(kubernetes))
    }

    static func web(
        live: Bool = true, resources: [FileMapping] = [], liveUpdate: [LiveUpdateStep] = [], ports: [PortForward] = []
    ) -> Plan {
        Plan(
            resources: [service(ports: ports)],
            images: [image(live: live, resources: resources, liveUpdate: liveUpdate)],
            watchedFiles: ["/project/Devloopfile", "/project/k8s/web.yaml"])
    }

    static func local(_ name: String, command: [String]? = nil, serve: [String]? = nil, deps: [String] = []) -> Resource
    {
        var local = LocalResource(
            command: command.map { Command(arguments: $0, directory: "/project") },
            serveCommand: serve.map { Command(arguments: $0, directory: "/project") })
        local.deps = deps
        return Resource(name: name, kind: .local(local))
    }

    static let mainFile = "/project/Sources/web/main.swift"
}

extension PodStatus {
    /// - Parameter id: of the container; a new one is a restarted container.
    static func make(
        _ name: String, generation: String?, verdict: Verdict, word: String = "Running", id: String = "c1",
        isTerminating: Bool = false, restarts: Int = 0
    ) -> PodStatus {
        PodStatus(
            name: name, namespace: "shop", uid: "uid-\(name)", created: "2026-01-01T00:00:00Z",
            isTerminating: isTerminating, labels: [:], templateHash: nil, generation: generation,
            containers: [
                Container(
                    name: "main", id: id, isRunning: verdict == .ready, isReady: verdict == .ready, restarts: restarts,
                    role: .app, ports: [("http", 8080)])
            ], verdict: verdict, word: word)
    }

    static func ready(_ name: String, generation: String?, id: String = "c1") -> PodStatus {
        make(name, generation: generation, verdict: .ready, id: id)
    }

    static func crashing(_ name: String, generation: String?) -> PodStatus {
        make(
            name, generation: generation,
            verdict: .failing(
                Failure(
                    code: "CrashLoopBackOff", container: "main", exitCode: 2, message: "main ended with exit code 2",
                    hint: "its last lines say why")), word: "CrashLoopBackOff", restarts: 2)
    }
}
