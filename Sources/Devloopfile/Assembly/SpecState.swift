// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

/// What the builtins have collected so far; the assembler makes a plan of it.
struct SpecState {
    /// An object and the `k8s_yaml` call that brought it.
    struct SpecObject {
        var object: ManifestObject
        var call: SourceLocation?
    }

    /// One call of `k8s_resource`. Several calls for one workload add up.
    struct ResourceOptions {
        /// Empty for a resource that consists of `objects` alone.
        var workload = ""
        var newName = ""
        var objects: [String] = []
        var portForwards: [PortForward] = []
        var extraPodSelectors: [[String: String]] = []
        var triggerMode: Resource.TriggerMode?
        var autoInit: Bool?
        var dependencies: [String] = []
        var after: [String] = []
        var rebuiltBy: [String] = []
        var discoveryStrategy: KubernetesResource.DiscoveryStrategy?
        var podReadiness: KubernetesResource.PodReadiness?
        var rollsOnConfiguration: Bool?
        var localAddress: LocalAddress?
        var links: [Link] = []
        var labels: [String] = []
        var location: SourceLocation?
    }

    /// A local resource whose trigger mode may still follow the default.
    struct LocalOptions {
        var resource: Resource
        var triggerMode: Resource.TriggerMode?
    }

    /// What `k8s_kind` or `k8s_image_json_path` says of the objects that it selects.
    struct KindRule {
        var selector: ObjectSelector
        var locators: [ImageLocator]
        var podReadiness: KubernetesResource.PodReadiness?
        /// The objects are workloads, whether images are found in them or not.
        var isWorkload = false
    }

    /// A resource whose objects commands apply.
    struct CustomDeployDraft {
        var name: String
        var deploy: CustomDeploy
        var imageDeps: [String]
        var location: SourceLocation?
    }

    /// Pods of somebody else that files are brought to.
    struct SyncResourceDraft {
        var name: String
        var target: SyncTarget
        var image: Image
        var options: ResourceOptions
        var location: SourceLocation?
    }

    /// The function of `workload_to_resource_function`.
    struct Naming {
        var function: Value
        var location: SourceLocation?
    }

    var objects: [SpecObject] = []
    var kinds: [KindRule] = []
    var customDeploys: [CustomDeployDraft] = []
    var syncResources: [SyncResourceDraft] = []
    var naming: Naming?
    /// Where each object was first brought in, to tell of duplicates.
    var objectPlaces: [ObjectIdentity: SourceLocation?] = [:]
    var options: [ResourceOptions] = []
    var locals: [LocalOptions] = []
    var images: [Image] = []
    /// Steps that were made; each must end up in an image.
    var steps: [LiveUpdateValue] = []
    var settings = PlanSettings()
    var warnings: [PlanWarning] = []
    var triggerMode = Resource.TriggerMode.auto
    var triggerModePlace: SourceLocation?
    /// Refs whose disuse is no warning; `*` stands for all.
    var silentUnusedImages: [String] = []
    /// Variables that the spec has set for its commands.
    var environment: [String: String] = [:]
    /// Variables that the spec has taken from its commands.
    var unset: Set<String> = []
    /// Names whose lack of an effect was told.
    var noticed: Set<String> = []
    /// Directories that have extensions, and what their names in a load start with; empty for any name.
    var extensionFolders: [(prefix: String, folder: String)] = []
    /// The same directories by the names of their repositories.
    var extensionRepositories: [String: String] = [:]
    /// Directories of extensions that have a name of their own.
    var namedExtensions: [String: String] = [:]
    private(set) var watchedFiles: [String] = []
    /// What the watched paths were right before they were read.
    private(set) var stamps: [String: FileStamp] = [:]

    /// Adds an absolute path to those whose change evaluates again.
    mutating func watch(_ path: String) {
        guard stamps[path] == nil else { return }
        stamps[path] = FileStamp(of: path)
        watchedFiles.append(path)
    }
}
