// SPDX-License-Identifier: Apache-2.0

/// A project of the small program in several Pods, with a folder of files that is synced into all of them.
struct TinyFleet {
    let context: BenchContext
    let cluster: BenchCluster
    let namespace: String
    /// The project's folder; ``Public`` in it is what the Pods serve below `/Public`.
    let folder: String
    var page: String { "\(folder)/Public/page.txt" }
    /// Whether the project, and ``Public/tree`` in the Pods, lie in memory.
    let isInMemory: Bool

    /// - Parameter name: of the folder and, with a prefix, of the namespace.
    init(_ name: String, context: BenchContext, cluster: BenchCluster, isInMemory: Bool = false) {
        self.context = context
        self.cluster = cluster
        self.isInMemory = isInMemory
        namespace = "devloop-bench-\(name)"
        folder = isInMemory ? "/dev/shm/devloop-bench-\(name)" : "\(context.work)/\(name)"
    }

    /// Writes the project anew; what else lies in its folder stays. Its Pods ask for processor time, as those of services do: one
    /// that does not gets next to nothing as soon as anything else is at work.
    func make(replicas: Int) throws {
        try Files.makeDirectory("\(folder)/Public")
        try Files.write(page, Array("as it was\n".utf8))
        try Files.write(
            "\(folder)/Devloopfile",
            Array(
                """
                swift_image('bench/tiny', package='\(context.work)/specs/tiny', resources=[('Public', '/app/Public')])
                k8s_yaml('tiny.yaml')

                """.utf8))
        try scale(to: replicas)
    }

    func scale(to count: Int) throws {
        let manifest = try Files.text("\(context.work)/specs/tiny.yaml")
        var text = manifest.replacing("\nspec:\n", with: "\nspec:\n  replicas: \(count)\n")
        let requests = "        resources: {requests: {cpu: \(count > 3 ? 20 : 100)m}}\n"
        text = text.replacing("        readinessProbe:\n", with: requests + "        readinessProbe:\n")
        if isInMemory {
            let mount = "        volumeMounts:\n        - {name: tree, mountPath: /app/Public/tree}\n"
            text = text.replacing("        readinessProbe:\n", with: mount + "        readinessProbe:\n")
            text += "      volumes:\n      - name: tree\n        emptyDir: {medium: Memory}\n"
        }
        try Files.write("\(folder)/tiny.yaml", Array(text.utf8))
    }

    /// Runs `body` beside a session that has brought it up in a fresh namespace.
    func up<Result>(_ body: (UpSession) async throws -> Result) async throws -> Result {
        try await cluster.freshNamespace(namespace)
        return try await UpSession.run(
            context, resource: "tiny", spec: "Devloopfile", directory: folder, namespace: namespace, body)
    }

    /// The Pods, as soon as there are so many and all have the page as it is here.
    func clients(_ count: Int) async throws -> [PodClient] {
        let page = try Files.text(self.page)
        var found: [PodClient] = []
        try await until("\(count) Pods have the page", .seconds(180)) {
            found = try await cluster.pods(namespace).map { PodClient(address: $0.address) }
            return found.count == count && found.allSatisfy { Self.shows($0, "page.txt", page) }
        }
        return found
    }

    /// Whether a Pod serves a text as a file below ``Public``.
    static func shows(_ pod: PodClient, _ path: String, _ text: String) -> Bool {
        pod.get("/Public/\(path)").map { PodClient.holds($0, Array(text.utf8)) } ?? false
    }
}
