// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ResourceShortageTests {
    @Test(
        arguments: [
            ("1", 1), ("100m", 0.1), ("1.5", 1.5), ("64Mi", 67_108_864), ("2G", 2e9), ("1e3", 1000), ("1E3", 1000),
            ("128974848", 128_974_848), ("5Ki", 5120), ("3n", 3e-9), ("2E", 2e18), ("-1", -1),
        ])
    func readsQuantities(_ text: String, _ value: Double) throws {
        let found = try #require(Quantity(text)).value
        #expect(abs(found - value) <= abs(value) * 1e-12)
    }

    @Test(arguments: ["", "m", "1x", "1 Gi", "many", "1ee3"]) func whatIsNoQuantityIsNil(_ text: String) {
        #expect(Quantity(text) == nil)
    }

    @Test(
        arguments: [
            ("cpu", 1.35, "1.35"), ("cpu", 2, "2"), ("cpu", 0.0004, "0"), ("memory", 67_108_864, "64Mi"),
            ("memory", 1_610_612_736, "1.5Gi"), ("memory", 500, "500"), ("ephemeral-storage", 5120, "5Ki"),
            ("example.org/gpu", 1, "1"),
        ])
    func writesQuantities(_ resource: String, _ value: Double, _ text: String) {
        #expect(Quantity(value).text(of: resource) == text)
    }

    private static func pod(_ requests: JSONValue..., inits: [JSONValue] = [], on node: String? = nil) -> JSONValue {
        func containers(_ list: [JSONValue]) -> JSONValue {
            .array(list.map { ["resources": ["requests": $0]] })
        }
        var spec: JSONObject = ["containers": containers(requests), "initContainers": containers(inits)]
        if let node { spec["nodeName"] = .string(node) }
        return ["spec": .object(spec), "status": ["phase": "Running"]]
    }

    private static func node(_ name: String, _ allocatable: JSONValue) -> JSONValue {
        ["metadata": ["name": .string(name)], "status": ["allocatable": allocatable]]
    }

    private static let nodes = [
        node("small", ["cpu": "1", "memory": "1Gi"]), node("big", ["cpu": "4", "memory": "8Gi"]),
    ]
    private static let others = [
        pod(["cpu": "500m"], on: "small"), pod(["cpu": "1", "memory": "1Gi"], ["cpu": "1500m"], on: "big"),
        // One that has ended holds nothing.
        ["spec": ["nodeName": "big"], "status": ["phase": "Succeeded"]] as JSONValue,
    ]

    @Test(
        arguments: [
            (pod(["cpu": "1500m"]), nil), (pod(["cpu": "2"]), "cpu: asks for 2, 1.5 of 4 are free on big"),
            (pod(["cpu": "1"], ["cpu": "1"]), "cpu: asks for 2, 1.5 of 4 are free on big"),
            (pod(["cpu": "1"], inits: [["cpu": "3"]]), "cpu: asks for 3, 1.5 of 4 are free on big"),
            (pod(["memory": "7.5Gi"]), "memory: asks for 7.5Gi, 7Gi of 8Gi are free on big"),
            (
                pod(["cpu": 2, "memory": "9Gi"]),
                "cpu: asks for 2, 1.5 of 4 are free on big; memory: asks for 9Gi, 7Gi of 8Gi are free on big"
            ),
            (pod(["example.org/gpu": "1"]), "example.org/gpu: asks for 1, 0 of 0 are free on big"), (pod([:]), nil),
        ] as [(JSONValue, String?)])
    func saysWhatIsShort(_ pod: JSONValue, _ text: String?) {
        #expect(ResourceShortage.text(for: pod, nodes: Self.nodes.reversed(), pods: Self.others) == text)
    }

    @Test func withoutNodesNothingIsSaid() {
        #expect(ResourceShortage.text(for: Self.pod(["cpu": "1"]), nodes: [], pods: []) == nil)
        #expect(ResourceShortage.text(for: .null, nodes: [.null], pods: ["text"]) == nil)
    }
}
