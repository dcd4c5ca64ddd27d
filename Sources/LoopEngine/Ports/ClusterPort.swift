// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

/// Finds the cluster of the session.
package protocol ClusterPort: Sendable {
    /// Reads the kubeconfig, checks that the context is allowed (design D16), and talks to the server once.
    /// - Throws: `DevloopError` with code kubeconfig, contextNotAllowed, clusterUnreachable or clusterRefused.
    func connect(_ settings: PlanSettings) async throws -> any ClusterConnection
    /// Files whose change may mend a bad kubeconfig; absolute.
    var configurationFiles: [String] { get }
}

package struct ClusterInfo: Sendable, Equatable {
    /// ``server`` where there is none.
    package static let noServer = "none"

    package var context: String
    package var namespace: String
    package var server: String
    package var runtime: String
    package var architecture: String
    /// How images reach the node, with the reason.
    package var delivery: String
    /// Tells this cluster from a later one at the same address; nil when the user may not ask.
    package var identity: String?

    package init(
        context: String, namespace: String, server: String, runtime: String, architecture: String, delivery: String,
        identity: String? = nil
    ) {
        self.identity = identity
        self.context = context
        self.namespace = namespace
        self.server = server
        self.runtime = runtime
        self.architecture = architecture
        self.delivery = delivery
    }
}

/// An open session with one cluster and namespace.
package protocol ClusterConnection: Sendable {
    var info: ClusterInfo { get }

    /// The plan that work is done for from now on; told before any of it is applied.
    func take(_ plan: Plan)
    /// The port of this machine at which a container port of a resource can be reached without a forward; nil when there
    /// is none.
    /// - Parameter port: nil means the first that the resource declares.
    func ownPort(of resource: String, _ port: Int?) async -> Int?

    /// What ``ClusterInfo/identity`` is now; nil when the cluster does not say.
    func identity() async -> String?

    /// Makes the image and brings it to the node.
    func makeImage(_ work: ImageWork, onEvent: @escaping @Sendable (ImageNotice) -> Void) async throws -> String
    /// What an image runs by itself that ``makeImage(_:onEvent:)`` has made.
    func program(of image: Image) async -> ImageProgram

    /// Renders and applies the objects of a resource in the order of kinds.
    func apply(_ work: ApplyWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws -> ApplyResult
    /// Runs the command of `k8s_custom_deploy` that applies.
    func deploy(_ work: CustomWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws -> CustomResult
    /// Finds the Pods of `sync_resource`.
    /// - Throws: `DevloopError` with code workloadMissing while there is no such workload.
    func locate(_ resource: Resource) async throws -> CustomResult
    /// Runs its command that deletes.
    func takeDown(_ work: CustomWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws
    /// Deletes objects that sessions of this project created; those that are gone count as deleted.
    func delete(_ objects: [ManifestObject], onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws
    /// Deletes what an inventory says was created by us and is not in `keeping`.
    func prune(keeping: [ManifestObject], onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws

    /// All Pods of our resources, again at each change, and what Kubernetes warns of; reconnects by itself, for ever.
    func observe(_ resources: [Resource]) -> AsyncStream<ClusterUpdate>
    /// Lines of the runs of a container, one run after the other, each from its start on; ends with the last one when
    /// there are to be no more.
    /// - Parameter runs: the runtime's ids of them, in their order.
    func logs(pod: PodStatus, container: String, runs: AsyncStream<String>) -> AsyncThrowingStream<LogLine, any Error>
    /// The last lines that a container wrote before it ended.
    func lastLines(pod: PodStatus, container: String, previous: Bool) async -> [String]
    /// Opens the sync stream to the agent of a container.
    /// - Parameter isInjected: an init container has brought the agent, which is not in the image.
    func attach(pod: PodStatus, container: String, isInjected: Bool) async throws -> any SyncConnection
    /// Opens a way into a container that devloop has not rendered.
    func attach(foreign pod: PodStatus, container: String, way: ContainerWay) async throws -> any SyncConnection
    /// A connection to a port of the Pod; 3 s at most.
    func dial(pod: PodStatus, port: Int) async throws -> any ByteChannel
    /// Deletes the Pod, so that its owner makes a new one.
    func restart(pod: PodStatus) async throws
    func close() async
}

/// What only those do whose Pods are programs of this machine.
extension ClusterConnection {
    package func take(_ plan: Plan) {}
    package func ownPort(of resource: String, _ port: Int?) async -> Int? { nil }
}

package struct ImageWork: Sendable {
    package var image: Image
    /// The built program of a Swift image.
    package var artifact: Artifact?
    package var product: String
    /// With the agent inside, for `up`.
    package var isLive: Bool
    /// Files here that sync steps will bring into its containers when they change; empty where nothing is synced.
    package var synced: [String]

    package init(image: Image, artifact: Artifact?, product: String, isLive: Bool, synced: [String] = []) {
        self.image = image
        self.artifact = artifact
        self.product = product
        self.isLive = isLive
        self.synced = synced
    }
}

package enum ImageNotice: Sendable {
    /// The digest is that of the manifest, `sha256:` and hexadecimal; nil for an image that a command has made.
    case packed(reference: String, digest: String?, size: Int, duration: Duration)
    case delivered(reference: String, way: String, sent: Int, duration: Duration)
    /// A line that the build of the image wrote.
    case output(String)
}

package struct ApplyWork: Sendable {
    package var resource: Resource
    package var objects: [ManifestObject]
    /// The images of the spec that the objects use.
    package var images: [Image]
    /// Image refs of the spec and what they are replaced by.
    package var references: [String: String]
    /// The program of each image whose containers get the agent, by ref; empty for one-shot commands.
    package var live: [String: LiveProgram]
    /// For one object.
    package var timeout: Duration
    /// ConfigMaps and Secrets of the plan that the Pods follow.
    package var configuration: [ManifestObject]
    /// The user asked for it: what is as it should be is applied again, and what runs once runs again.
    package var isForced: Bool

    package init(
        resource: Resource, objects: [ManifestObject], images: [Image], references: [String: String],
        live: [String: LiveProgram], timeout: Duration, configuration: [ManifestObject] = [], isForced: Bool = false
    ) {
        self.resource = resource
        self.objects = objects
        self.images = images
        self.references = references
        self.live = live
        self.timeout = timeout
        self.configuration = configuration
        self.isForced = isForced
    }
}

/// What an apply has made that is to be waited for.
package struct ApplyResult: Sendable, Equatable {
    /// The generation marks that its Pods carry, one for each workload.
    package var generations: Set<String>
    /// The versions of the custom resources that it applied, by their uid: what is told of an earlier one is old.
    package var versions: [String: Int]

    package init(generations: Set<String> = [], versions: [String: Int] = [:]) {
        self.generations = generations
        self.versions = versions
    }
}

/// Commands that stand in the place of objects.
package struct CustomWork: Sendable {
    package var resource: Resource
    package var deploy: CustomDeploy
    /// The images of `image_deps`, in order: ref of the spec and what was made of it.
    package var images: [(ref: String, reference: String)]

    package init(resource: Resource, deploy: CustomDeploy, images: [(ref: String, reference: String)]) {
        self.resource = resource
        self.deploy = deploy
        self.images = images
    }
}

/// What a command said that it has applied.
package struct CustomResult: Sendable, Equatable {
    package var objects: [ManifestObject]
    /// Labels by which the Pods of this apply are found, for each workload among the objects.
    package var podSelectors: [[String: String]]
    /// Stands for this apply; nil where no object makes Pods.
    package var generation: String?

    package init(objects: [ManifestObject], podSelectors: [[String: String]] = [], generation: String?) {
        self.objects = objects
        self.podSelectors = podSelectors
        self.generation = generation
    }
}

/// What an image with live updates runs by itself, and how its containers get the agent.
package struct LiveProgram: Sendable, Equatable {
    /// The program in the container; nil when only manifests know it.
    package var entrypoint: [String]?
    package var arguments: [String]
    /// An init container brings the agent.
    package var isInjected: Bool
    /// The container stays when the program ends.
    package var staysAfterExit = false

    package init(entrypoint: [String]?, arguments: [String], isInjected: Bool = false) {
        self.entrypoint = entrypoint
        self.arguments = arguments
        self.isInjected = isInjected
    }
}

package enum ApplyNotice: Sendable {
    /// - Parameter reason: why it is more than what was asked for: an object that had to be made anew.
    case applied(object: String, result: String, reason: String? = nil)
    case failed(object: ManifestObject, error: DevloopError)
    case pruned(object: String)
    /// What is done that nobody would expect: a line for the log of the resource.
    case remark(String)
}

package enum ClusterUpdate: Sendable {
    /// The Pods of every resource by its name; complete each time.
    case pods([String: [PodStatus]])
    /// The workloads of every resource by its name, as far as their controllers tell of them; complete each time.
    case workloads([String: [WorkloadStatus]])
    case warning(ClusterWarning)
    case connected
    /// The watch broke; it is being opened again.
    case disconnected(DevloopError)
}

package struct ClusterWarning: Sendable, Equatable {
    package var resource: String
    package var object: String
    package var reason: String
    package var message: String
    package var count: Int

    package init(resource: String, object: String, reason: String, message: String, count: Int) {
        self.resource = resource
        self.object = object
        self.reason = reason
        self.message = message
        self.count = count
    }
}

package struct LogLine: Sendable, Equatable {
    package var time: WallTime
    package var bytes: [UInt8]

    package init(time: WallTime, bytes: [UInt8]) {
        self.time = time
        self.bytes = bytes
    }
}
