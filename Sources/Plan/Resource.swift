// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// A unit that the user sees: a workload with its images, or a local command.
package struct Resource: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case k8s(KubernetesResource)
        case local(LocalResource)
    }

    package enum TriggerMode: String, Sendable { case auto, manual }

    package var name: String
    package var kind: Kind
    /// Names of resources that must have been ready once before this one starts.
    package var dependencies: [String] = []
    package var labels: [String] = []
    package var triggerMode = TriggerMode.auto
    /// Whether it starts with the session; else it waits for a trigger.
    package var autoInit = true
    package var links: [Link] = []
    /// Names of resources that must be ready each time before this one updates (`after=`).
    package var after: [String] = []
    /// Names of resources whose new versions make this one update too (`rebuilt_by=`).
    package var rebuiltBy: [String] = []
    /// Where the spec made it.
    package var location: SourceLocation?

    package init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// The resource without the places of the spec and the manifests: two that are equal in this are one resource, though
    /// lines may have moved.
    package var definition: Resource {
        var copy = self
        copy.location = nil
        if var kubernetes {
            for index in kubernetes.objects.indices { kubernetes.objects[index].location = nil }
            copy.kind = .k8s(kubernetes)
        }
        return copy
    }

    package var kubernetes: KubernetesResource? { if case .k8s(let value) = kind { value } else { nil } }
    package var local: LocalResource? { if case .local(let value) = kind { value } else { nil } }
}

/// A workload and what belongs to it.
package struct KubernetesResource: Sendable, Equatable {
    package enum PodReadiness: String, Sendable {
        case wait, ignore
        /// The Pods have to end by themselves, as those of Jobs do.
        case succeeded
    }

    /// How Pods are found: by their owners and by selectors, or by selectors alone.
    package enum DiscoveryStrategy: String, Sendable {
        case owners = "default"
        case selectorsOnly = "selectors-only"
    }

    /// Objects to apply, in the order of the manifests.
    package var objects: [ManifestObject]
    /// Refs of the plan's images that occur in the objects, without duplicates.
    package var images: [String] = []
    package var portForwards: [PortForward] = []
    /// Label sets that select further Pods of this resource.
    package var extraPodSelectors: [[String: String]] = []
    package var podReadiness = PodReadiness.wait
    package var discoveryStrategy = DiscoveryStrategy.owners
    /// Whether its Pods are made anew when a ConfigMap or Secret of the spec that they use changes (`roll_on_config=`).
    package var rollsOnConfiguration = true
    /// Where it is when there is no cluster: what local mode does not run (`local_address=`).
    package var localAddress: LocalAddress?
    /// Commands in the place of objects: `k8s_custom_deploy`.
    package var customDeploy: CustomDeploy?
    /// Pods of somebody else in the place of objects: `sync_resource`.
    package var syncTarget: SyncTarget?

    package init(objects: [ManifestObject]) { self.objects = objects }

    /// The ref that stands for the live update of Pods that devloop does not render, among ``images``.
    package var foreignImage: String?
    /// Refs of images that are made here.
    package var madeImages: [String] { images.filter { $0 != foreignImage } }
}

/// One Kubernetes object as the spec gave it.
package struct ManifestObject: Sendable, Equatable {
    /// The object; always has `apiVersion`, `kind` and `metadata.name`.
    package var json: JSONValue
    /// The manifest's file and the line where the document starts.
    package var location: SourceLocation?
    /// Further places of image references in it.
    package var imageLocators: [ImageLocator] = []

    package init(_ json: JSONValue, at location: SourceLocation? = nil) {
        self.json = json
        self.location = location
    }

    /// Keys that lead to what has `metadata` and `spec` of a Pod; empty for a Pod itself, nil for kinds without one.
    package var podPath: [String]? {
        switch kind {
        case "Pod": []
        case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job":
            ["spec", "template"]
        case "CronJob": ["spec", "jobTemplate", "spec", "template"]
        case "PodTemplate": ["template"]
        default: nil
        }
    }

    package var apiVersion: String { json["apiVersion"]?.string ?? "" }
    package var kind: String { json["kind"]?.string ?? "" }
    package var name: String { json.at("metadata", "name")?.string ?? "" }
    /// Empty when the manifest leaves it to the session's namespace.
    package var namespace: String { json.at("metadata", "namespace")?.string ?? "" }
    /// `deployment/link-manager`, the form of `plan --json`.
    package var shortName: String { "\(kind.lowercased())/\(name)" }
}

/// `port_forward(local_port, container_port, name, link_path, host, on_busy)`.
package struct PortForward: Sendable, Equatable {
    package enum BusyPolicy: String, Sendable { case move, fail }

    /// Port on this machine.
    package var localPort: Int
    /// Port in the Pod; nil means the container's first port, else the same number.
    package var containerPort: Int?
    package var host = "localhost"
    package var name = ""
    package var linkPath = ""
    package var onBusy = BusyPolicy.move

    package init(localPort: Int, containerPort: Int? = nil) {
        self.localPort = localPort
        self.containerPort = containerPort
    }

    /// `8080:9090`, `8080` alone when the Pod's port is left open.
    package var shortText: String { containerPort.map { "\(localPort):\($0)" } ?? "\(localPort)" }
}

package struct Link: Sendable, Equatable {
    package var url: String
    package var name: String

    package init(url: String, name: String = "") {
        self.url = url
        self.name = name
    }
}

/// `local_resource`: a command on this machine, run on changes, and/or a server that keeps running.
package struct LocalResource: Sendable, Equatable {
    package var command: Command?
    package var serveCommand: Command?
    /// Absolute paths of files or directories; a change runs the command again and restarts the server.
    package var deps: [String] = []
    /// What among the deps is no change.
    package var ignored = PathFilter()
    package var allowParallel = false
    /// How to tell that the server is ready; nil means as soon as it runs.
    package var readinessProbe: Probe?

    package init(command: Command? = nil, serveCommand: Command? = nil) {
        self.command = command
        self.serveCommand = serveCommand
    }
}
