// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport

/// The project that the soak edits: a Swift program that is synced, a page that comes from a ConfigMap, a program that
/// counts in its log, and ConfigMaps that come and go.
struct SoakProject {
    /// What the files say; all files follow from it.
    struct State: Equatable {
        /// Printed by the Swift program.
        var word = 0
        var replicas = 1
        /// Served by the page, out of a ConfigMap.
        var page = 0
        /// An environment variable of the counter.
        var setting = 0
        var extras: Set<Int> = []
    }

    /// Something that is wrong for a while.
    enum Mistake {
        case sources
        case manifest
    }

    let folder: TemporaryDirectory
    /// Stands in the command line of all its programs, so that no others are ever meant.
    let token: String
    private(set) var state = State()

    static let workloads = ["soak", "page", "counter"]

    /// - Parameters:
    ///   - port: local port that leads to the page.
    ///   - context: of the kubeconfig; the cluster has a name that devloop does not know as local.
    init(port: Int, context: String) throws {
        folder = try TemporaryDirectory("soak")
        token = "soak-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try folder.write(
            "Package.swift",
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(name: "soak", targets: [.executableTarget(name: "soak")])

            """)
        try folder.write(
            "Devloopfile",
            """
            allow_k8s_contexts('\(context)')
            default_registry('127.0.0.1:15000')
            swift_image('devloop.test/\(token)')
            k8s_yaml(['soak.yaml', 'page.yaml', 'counter.yaml', 'extras.yaml'])
            k8s_resource('page', port_forwards='\(port):7000')

            """)
        for (path, text) in files { try folder.write(path, text) }
    }

    var path: String { folder.path }

    /// Changes what the files say, and writes those that changed.
    mutating func change(_ body: (inout State) -> Void) throws {
        let before = files
        body(&state)
        for (path, text) in files where before[path] != text { try folder.write(path, text) }
    }

    /// Makes the mistake; ``mend()`` undoes it.
    func make(_ mistake: Mistake) throws {
        switch mistake {
        case .sources: try folder.write("Sources/soak/main.swift", "let broken: Int = \"text\"\n")
        case .manifest: try folder.write("page.yaml", "apiVersion: v1\n  kind: [unfinished\n")
        }
    }

    func mend() throws {
        for (path, text) in files where (try? TestFiles.read(folder(path))) != text { try folder.write(path, text) }
    }

    private var files: [String: String] {
        [
            "Sources/soak/main.swift": """
            import Glibc
            print("soak \(state.word)")
            fflush(nil)
            while true { sleep(60) }

            """,
            "soak.yaml": deployment(
                "soak", replicas: state.replicas, image: "devloop.test/\(token)", "args: [\(token)]"),
            "page.yaml": """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: page}
            data: {index.html: "page \(state.page)\\n"}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: page}
            spec: {selector: {app: page}, ports: [{port: 80, targetPort: 7000}]}
            ---
            \(deployment(
                "page",
                """
                command: [/bin/busybox, sh, -c, "exec httpd -f -p 7000 -h /www  # \(token)"]
                          readinessProbe: {tcpSocket: {port: 7000}, periodSeconds: 1}
                          volumeMounts: [{name: page, mountPath: /www}]
                      volumes: [{name: page, configMap: {name: page}}]
                """))
            """,
            "counter.yaml": deployment(
                "counter",
                """
                command: [/bin/busybox, sh, -c, "i=0; while true; do echo count $i; i=$((i+1)); sleep 0.1; done # \(token)"]
                          env: [{name: SETTING, value: "\(state.setting)"}]
                """),
            "extras.yaml": (["extra-base"] + state.extras.sorted().map { "extra-\($0)" })
                .map { "{apiVersion: v1, kind: ConfigMap, metadata: {name: \($0)}, data: {of: soak}}\n" }
                .joined(separator: "---\n"),
        ]
    }

    private func deployment(
        _ name: String, replicas: Int = 1, image: String = Cluster.busybox, _ rest: String
    ) -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: \(name)}
        spec:
          replicas: \(replicas)
          selector: {matchLabels: {app: \(name)}}
          template:
            metadata: {labels: {app: \(name)}}
            spec:
              terminationGracePeriodSeconds: 1
              automountServiceAccountToken: false
              containers:
                - name: \(name)
                  image: \(image)
                  \(rest)

        """
    }
}
