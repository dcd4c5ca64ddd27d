// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Plan
import Testing

/// What is added to an object, and that nothing else is (design §4.5).
@Suite(.timeLimit(.minutes(1)))
struct RendererTests {
    static func renderer(live: [String: Renderer.Live] = [:], probe: [String] = []) -> Renderer {
        Renderer(
            resource: "web", references: ["shop/web": "shop/web:devloop-1", "shop/tool": "127.0.0.1:5000/shop_tool:2"],
            live: live, probeArguments: { $0["readinessProbe"] == nil ? [] : probe },
            matches: { name, ref in name == ref || name.hasPrefix("\(ref):") || name.hasPrefix("\(ref)@") },
            digest: { "digest-of-\($0.utf8.count)" })
    }

    static func deployment(_ containers: JSONValue, more: JSONObject = [:]) -> JSONValue {
        var spec: JSONObject = ["containers": containers]
        for (key, value) in more.members { spec[key] = value }
        return [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web"],
            "spec": [
                "replicas": 1, "selector": ["matchLabels": ["app": "web"]],
                "template": ["metadata": ["labels": ["app": "web"]], "spec": .object(spec)],
            ],
        ]
    }

    /// The containers of a rendered Deployment.
    static func containers(_ rendered: Renderer.Rendered, _ list: String = "containers") -> [JSONValue] {
        rendered.json.at("spec", "template", "spec", list)?.array ?? []
    }

    @Test func addsLabelsImageAndPullPolicyAndNothingElse() throws {
        let object = ManifestObject(
            Self.deployment([["name": "web", "image": "shop/web", "ports": [["containerPort": 80]]]]))
        let rendered = Self.renderer().render(object)
        let generation = try #require(rendered.generation)
        let wanted: JSONValue = [
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": [
                "name": "web", "labels": ["app.kubernetes.io/managed-by": "devloop", "devloop.dev/resource": "web"],
            ],
            "spec": [
                "replicas": 1, "selector": ["matchLabels": ["app": "web"]],
                "template": [
                    "metadata": [
                        "labels": [
                            "app": "web", "app.kubernetes.io/managed-by": "devloop", "devloop.dev/resource": "web",
                        ],
                        "annotations": ["devloop.dev/generation": .string(generation)],
                    ],
                    "spec": [
                        "containers": [
                            [
                                "name": "web", "image": "shop/web:devloop-1", "imagePullPolicy": "IfNotPresent",
                                "ports": [["containerPort": 80]],
                            ]
                        ]
                    ],
                ],
            ],
        ]
        #expect(rendered.json == wanted)
    }

    @Test func theSpecOverridesCommandArgumentsAndVariables() {
        let object = ManifestObject(
            Self.deployment([
                [
                    "name": "web", "image": "shop/web", "command": ["old"], "args": ["-x"],
                    "env": [["name": "TOOL", "value": "shop/tool"], ["name": "WEB", "value": "shop/web"]],
                ],
                ["name": "tool", "image": "shop/tool", "args": ["-x"]],
            ]))
        var renderer = Self.renderer()
        renderer.overrides = [
            "shop/web": Renderer.Override(entrypoint: ["run"], arguments: nil, matchesEnvironment: false),
            "shop/tool": Renderer.Override(entrypoint: nil, arguments: ["-y"], matchesEnvironment: true),
        ]
        let containers = Self.containers(renderer.render(object))
        #expect(containers.first?["command"] == ["run"])
        #expect(containers.first?["args"] == nil)
        #expect(containers.last?["args"] == ["-y"])
        let values = (containers.first?["env"]?.array ?? []).compactMap { $0["value"]?.string }
        #expect(values == ["127.0.0.1:5000/shop_tool:2", "shop/web"])
    }

    @Test func imagesOfOtherKindsAreReplacedAtTheirPaths() throws {
        let path = try #require(JSONPath("{.spec.jobs[*].image}"))
        let split = try #require(JSONPath(".spec.main"))
        var object = ManifestObject([
            "apiVersion": "example.com/v1", "kind": "Batch", "metadata": ["name": "b"],
            "spec": [
                "jobs": [["image": "shop/web"], ["image": "other"]], "main": ["repo": "shop/tool", "version": "x"],
            ],
        ])
        object.imageLocators = [
            ImageLocator(path: path, form: .reference),
            ImageLocator(path: split, form: .object(repository: "repo", tag: "version")),
        ]
        #expect(
            object.imageLocators.flatMap { $0.references(in: object.json) } == ["shop/web", "other", "shop/tool:x"])
        let rendered = Self.renderer().render(object)
        #expect(rendered.json.at("spec", "jobs") == [["image": "shop/web:devloop-1"], ["image": "other"]])
        #expect(rendered.json.at("spec", "main") == ["repo": "127.0.0.1:5000/shop_tool", "version": "2"])
        #expect(rendered.generation == nil)
    }

    @Test func templatesInCustomResourcesGetTheLabelOnly() throws {
        let containers: JSONValue = [["name": "web", "image": "shop/web", "command": ["x"]]]
        var object = ManifestObject([
            "apiVersion": "example.com/v1", "kind": "Rollout", "metadata": ["name": "r"],
            "spec": [
                "template": ["metadata": ["labels": ["app": "web"]], "spec": ["containers": containers]],
                "steps": [["pod": ["spec": ["containers": [["name": "probe", "image": "curl"]]]]]],
                "spec": ["containers": 3],
            ],
        ])
        object.imageLocators = [
            ImageLocator(path: try #require(JSONPath("{.spec.template.spec.containers[*].image}")), form: .reference)
        ]
        let live = ["shop/web": Renderer.Live(entrypoint: ["/app/web"], arguments: [])]
        let rendered = Self.renderer(live: live).render(object)
        let ours: JSONValue = ["app.kubernetes.io/managed-by": "devloop", "devloop.dev/resource": "web"]
        #expect(
            rendered.json["spec"] == [
                "template": [
                    "metadata": [
                        "labels": [
                            "app": "web", "app.kubernetes.io/managed-by": "devloop", "devloop.dev/resource": "web",
                        ]
                    ],
                    "spec": ["containers": [["name": "web", "image": "shop/web:devloop-1", "command": ["x"]]]],
                ],
                "steps": [
                    [
                        "pod": [
                            "metadata": ["labels": ours], "spec": ["containers": [["name": "probe", "image": "curl"]]],
                        ]
                    ]
                ],
                "spec": ["containers": 3],
            ])
        // There are Pods to wait for.
        #expect(rendered.generation != nil)
    }

    @Test func aLiveContainerGetsAgentAndVolumeAndNothingElse() {
        let live = ["shop/web": Renderer.Live(entrypoint: ["/app/web"], arguments: [])]
        let object = ManifestObject(
            Self.deployment(
                [
                    ["name": "web", "image": "shop/web", "volumeMounts": [["name": "data", "mountPath": "/data"]]],
                    ["name": "proxy", "image": "envoy:1", "command": ["envoy"]],
                ], more: ["volumes": [["name": "data", "emptyDir": [:]]]]))
        let rendered = Self.renderer(live: live).render(object)
        let containers = Self.containers(rendered)
        #expect(
            containers[0] == [
                "name": "web", "image": "shop/web:devloop-1", "imagePullPolicy": "IfNotPresent",
                "command": ["/devloop/agent", "run", "--", "/app/web"],
                "volumeMounts": [
                    ["name": "data", "mountPath": "/data"], ["name": "devloop-app", "mountPath": "/devloop/app"],
                ],
            ])
        #expect(containers[1] == ["name": "proxy", "image": "envoy:1", "command": ["envoy"]])
        #expect(
            rendered.json.at("spec", "template", "spec", "volumes") == [
                ["name": "data", "emptyDir": [:]], ["name": "devloop-app", "emptyDir": [:]],
            ])
    }

    @Test func aContainerThatStaysIsToldSo() {
        let live = ["shop/web": Renderer.Live(entrypoint: ["/app/web"], arguments: [], staysAfterExit: true)]
        let object = ManifestObject(Self.deployment([["name": "web", "image": "shop/web"]]))
        let containers = Self.containers(Self.renderer(live: live).render(object))
        #expect(containers[0]["command"] == ["/devloop/agent", "run", "--stay", "--", "/app/web"])
    }

    @Test func anInjectedAgentComesByAnInitContainerAndNothingElseChanges() {
        let live = [
            "shop/web": Renderer.Live(entrypoint: ["/bin/httpd"], arguments: ["-f", "$HOME"], isInjected: true)
        ]
        let object = ManifestObject(
            Self.deployment(
                [
                    [
                        "name": "web", "image": "shop/web", "securityContext": ["runAsUser": 1000],
                        "resources": [
                            "requests": ["cpu": "10m", "example.com/gpu": 1], "limits": ["memory": "64Mi"],
                            "claims": [["name": "x"]],
                        ],
                    ],
                    ["name": "proxy", "image": "envoy:1", "command": ["envoy"]],
                ], more: ["initContainers": [["name": "first", "image": "redis"]], "hostNetwork": false]))
        var renderer = Self.renderer(live: live)
        renderer.agentImage = "devloop/agent:devloop-2"
        let mount: JSONValue = ["name": "devloop-app", "mountPath": "/devloop/app"]
        let spec = renderer.render(object).json.at("spec", "template", "spec")
        #expect(
            spec == [
                "containers": [
                    [
                        "name": "web", "image": "shop/web:devloop-1", "securityContext": ["runAsUser": 1000],
                        "resources": [
                            "requests": ["cpu": "10m", "example.com/gpu": 1], "limits": ["memory": "64Mi"],
                            "claims": [["name": "x"]],
                        ], "imagePullPolicy": "IfNotPresent",
                        "command": ["/devloop/app/.devloop-agent", "run", "--", "/bin/httpd", "-f", "$$HOME"],
                        "volumeMounts": [mount],
                    ],
                    ["name": "proxy", "image": "envoy:1", "command": ["envoy"]],
                ],
                "initContainers": [
                    [
                        "name": "devloop-agent", "image": "devloop/agent:devloop-2", "imagePullPolicy": "IfNotPresent",
                        "command": ["/devloop/agent", "install", "/devloop/app/.devloop-agent"],
                        "volumeMounts": [mount], "securityContext": ["runAsUser": 1000],
                        "resources": ["requests": ["cpu": "10m"], "limits": ["memory": "64Mi"]],
                    ], ["name": "first", "image": "redis"],
                ], "hostNetwork": false, "volumes": [["name": "devloop-app", "emptyDir": [:]]],
            ])
    }

    @Test func agentsOfOnePodShareNothing() {
        let live = [
            "shop/web": Renderer.Live(entrypoint: ["a"], arguments: []),
            "shop/tool": Renderer.Live(entrypoint: ["b"], arguments: [], isInjected: true),
        ]
        var renderer = Self.renderer(live: live)
        renderer.agentImage = "agent:1"
        let rendered = renderer.render(
            ManifestObject(
                Self.deployment([
                    ["name": "one", "image": "shop/web"], ["name": "two", "image": "shop/tool"],
                    ["name": "three", "image": "shop/tool"],
                ])))
        let mounts = Self.containers(rendered).map { $0["volumeMounts"]?[0]?["name"]?.string }
        #expect(mounts == ["devloop-app", "devloop-app-2", "devloop-app-3"])
        let installers = Self.containers(rendered, "initContainers")
        #expect(installers.map { $0["name"]?.string } == ["devloop-agent-2", "devloop-agent-3"])
        #expect(
            installers.map { $0["volumeMounts"]?[0]?["name"]?.string } == ["devloop-app-2", "devloop-app-3"])
        let volumes = rendered.json.at("spec", "template", "spec", "volumes")?.array ?? []
        #expect(volumes.map { $0["name"]?.string } == mounts)
    }

    /// Without a program that can be told, or an image to install from, a container stays as it is.
    @Test(arguments: [false, true]) func whatCannotBeWrappedStays(_ hasImage: Bool) {
        let entrypoint = hasImage ? nil : ["/bin/httpd"]
        var renderer = Self.renderer(
            live: ["shop/web": Renderer.Live(entrypoint: entrypoint, arguments: [], isInjected: true)])
        renderer.agentImage = hasImage ? "agent:1" : nil
        let rendered = renderer.render(
            ManifestObject(Self.deployment([["name": "web", "image": "shop/web", "args": ["-x"]]])))
        #expect(
            Self.containers(rendered) == [
                ["name": "web", "image": "shop/web:devloop-1", "args": ["-x"], "imagePullPolicy": "IfNotPresent"]
            ])
        #expect(rendered.json.at("spec", "template", "spec")?.object?.members.count == 1)
    }

    struct Words: Sendable, CustomTestStringConvertible {
        var name: String
        var command: JSONValue?
        var args: JSONValue?
        var wanted: [String]
        var testDescription: String { name }
    }

    /// The original words after `--`, as Kubernetes joins command and arguments with those of the image.
    static let words: [Words] = [
        Words(name: "neither", wanted: ["/app/web", "-v"]),
        Words(name: "args", args: ["-p", "80"], wanted: ["/app/web", "-p", "80"]),
        Words(name: "empty args", args: [], wanted: ["/app/web"]),
        Words(name: "command", command: ["/bin/other"], wanted: ["/bin/other"]),
        Words(name: "both", command: ["/bin/other", "-a"], args: ["-b"], wanted: ["/bin/other", "-a", "-b"]),
        Words(name: "variables stay", args: ["$(PORT)"], wanted: ["/app/web", "$(PORT)"]),
        Words(name: "empty command", command: [], args: ["-p"], wanted: ["/app/web", "-p"]),
    ]

    @Test(arguments: words) func theOriginalWordsFollowTheAgent(_ item: Words) {
        let live = ["shop/web": Renderer.Live(entrypoint: ["/app/web"], arguments: ["-v"])]
        var container: JSONObject = ["name": "web", "image": "shop/web", "readinessProbe": ["tcpSocket": ["port": 80]]]
        container["command"] = item.command
        container["args"] = item.args
        let rendered = Self.renderer(live: live, probe: ["--probe", "tcp:80"]).render(
            ManifestObject(Self.deployment([.object(container)])))
        let result = Self.containers(rendered)[0]
        let wanted = ["/devloop/agent", "run", "--probe", "tcp:80", "--"] + item.wanted
        #expect(result["command"] == .array(wanted.map { .string($0) }))
        #expect(result["args"] == nil)
        #expect(result["readinessProbe"] == container["readinessProbe"])
    }

    /// Names in manifests and what they become.
    static let images: [(String, String)] = [
        ("shop/web", "shop/web:devloop-1"), ("shop/web:latest", "shop/web:devloop-1"),
        ("shop/web@sha256:00", "shop/web:devloop-1"), ("shop/tool:1", "127.0.0.1:5000/shop_tool:2"),
        ("shop/web-admin", "shop/web-admin"), ("redis:7", "redis:7"),
    ]

    @Test(arguments: images) func imagesOfTheSpecAreReplaced(_ name: String, _ wanted: String) {
        let rendered = Self.renderer().render(
            ManifestObject(Self.deployment([["name": "c", "image": .string(name), "imagePullPolicy": "Always"]])))
        let container = Self.containers(rendered)[0]
        #expect(container["image"] == .string(wanted))
        // Ours are never pulled anew; those of others are not touched.
        #expect(container["imagePullPolicy"] == (name == wanted ? "Always" : "IfNotPresent"))
    }

    @Test func initContainersGetTheImageButNoAgent() {
        let live = ["shop/web": Renderer.Live(entrypoint: ["/app/web"], arguments: [])]
        let object = ManifestObject(
            Self.deployment(
                [["name": "other", "image": "redis"]],
                more: ["initContainers": [["name": "migrate", "image": "shop/web", "args": ["migrate"]]]]))
        let rendered = Self.renderer(live: live).render(object)
        #expect(
            Self.containers(rendered, "initContainers") == [
                [
                    "name": "migrate", "image": "shop/web:devloop-1", "imagePullPolicy": "IfNotPresent",
                    "args": ["migrate"],
                ]
            ])
        #expect(Self.containers(rendered) == [["name": "other", "image": "redis"]])
        #expect(rendered.json.at("spec", "template", "spec", "volumes") == nil)
    }

    /// Where each kind keeps its Pod template; nil for kinds without one.
    static let kinds: [(String, [String]?)] = [
        ("Pod", []), ("Deployment", ["spec", "template"]), ("StatefulSet", ["spec", "template"]),
        ("DaemonSet", ["spec", "template"]), ("ReplicaSet", ["spec", "template"]), ("Job", ["spec", "template"]),
        ("ReplicationController", ["spec", "template"]), ("PodTemplate", ["template"]),
        ("CronJob", ["spec", "jobTemplate", "spec", "template"]),
        ("Service", nil), ("ConfigMap", nil),
    ]

    @Test(arguments: kinds) func findsTheTemplateOfEachKind(_ kind: String, _ path: [String]?) throws {
        let pod: JSONValue = ["spec": ["containers": [["name": "c", "image": "shop/web"]]]]
        var json = path.map { $0.reversed().reduce(pod) { [$1: $0] } } ?? ["data": ["a": "1"]]
        json["kind"] = .string(kind)
        json["metadata"] = ["name": "x"]
        let rendered = Self.renderer().render(ManifestObject(json))
        #expect(rendered.json.at("metadata", "labels", "devloop.dev/resource") == "web")
        #expect((rendered.generation != nil) == (path != nil))
        guard let path else {
            #expect(rendered.json["data"] == ["a": "1"])
            return
        }
        let template = try #require(path.reduce(Optional(rendered.json)) { $0?[$1] })
        #expect(template.at("metadata", "labels", "devloop.dev/resource") == "web")
        #expect(template.at("metadata", "annotations", "devloop.dev/generation")?.string == rendered.generation)
        #expect(template.at("spec", "containers")?[0]?["image"] == "shop/web:devloop-1")
    }

    @Test(
        arguments: [
            ("web", "web"), ("web.v1_2-x", "web.v1_2-x"), ("web:deployment", "web-deployment-5d21bc8a"),
            ("web-deployment", "web-deployment"), ("My site", "My-site-8cff8a72"), ("-web", "web-8c01347e"),
            ("...", "0ac31c19"),
            ("Straße", "Stra-e-1dc32e38"), (String(repeating: "a", count: 63), String(repeating: "a", count: 63)),
            (String(repeating: "a", count: 64), String(repeating: "a", count: 50) + "-d96f0f85"),
        ]) func aLabelHoldsAnyName(_ name: String, _ wanted: String)
    {
        #expect(ResourceLabel.value(of: name) == wanted)
    }

    @Test func whatTheUserWroteStays() {
        var json = Self.deployment([["name": "c", "image": "redis"]])
        json["status"] = ["replicas": 3]
        json["metadata"] = [
            "name": "web", "labels": ["app.kubernetes.io/managed-by": "helm", "tier": "front"],
            "annotations": ["note": "mine"],
        ]
        let rendered = Self.renderer().render(ManifestObject(json)).json
        #expect(rendered["status"] == nil)
        #expect(rendered.at("metadata", "labels", "app.kubernetes.io/managed-by") == "helm")
        #expect(rendered.at("metadata", "labels", "tier") == "front")
        #expect(rendered.at("metadata", "annotations") == ["note": "mine"])
        #expect(rendered.at("spec", "selector") == ["matchLabels": ["app": "web"]])
    }

    @Test func theGenerationFollowsTheTemplateAlone() {
        let renderer = Self.renderer()
        let first = renderer.render(ManifestObject(Self.deployment([["name": "c", "image": "redis"]])))
        var scaled = Self.deployment([["name": "c", "image": "redis"]])
        scaled["spec"]?["replicas"] = 5
        let changed = renderer.render(ManifestObject(Self.deployment([["name": "c", "image": "redis:other"]])))
        #expect(renderer.render(ManifestObject(scaled)).generation == first.generation)
        #expect(changed.generation != first.generation)
    }
}
