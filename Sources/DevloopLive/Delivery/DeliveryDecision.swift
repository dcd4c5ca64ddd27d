// SPDX-License-Identifier: Apache-2.0

package import ImageDelivery

/// A way for images to the nodes, not yet opened.
package enum DeliveryWay: Sendable, Equatable {
    /// `image_loader` of the spec.
    case loader
    /// `default_registry` of the spec.
    case defaultRegistry
    /// A registry that the cluster announces.
    case hostedRegistry
    /// Minikube's registry addon, through a port-forward.
    case registryAddon
    /// The import command of each node's runtime.
    case nodes(NodeRoute, NodeRuntime, asRoot: Bool)
    /// The Engine API of the node's own Docker.
    case engine(EnginePlace)
    /// The cluster's own program, with the archive in a file.
    case program(ImportProgram)
}

/// How a command gets to a node.
package enum NodeRoute: Sendable, Equatable {
    case here
    /// `docker exec -i <node>`.
    case containers(program: String)
    case ssh
}

/// Where the Docker of the nodes listens.
package enum EnginePlace: Sendable, Equatable {
    /// As `minikube docker-env -o json` says.
    case minikube(profile: String)
    /// The Docker of this machine, which is the node's too.
    case local
}

/// Programs that load image archives from files.
package enum ImportProgram: Sendable, Equatable {
    case minikube(profile: String)
    case kind(cluster: String)
    case k3d(cluster: String)
}

/// A way that was looked at.
package struct DeliveryCandidate: Sendable, Equatable {
    package var name: String
    /// Nil when it cannot be used.
    package var way: DeliveryWay?
    /// Why it can be used, or why not.
    package var reason: String

    static func usable(_ name: String, _ way: DeliveryWay, _ reason: String) -> DeliveryCandidate {
        DeliveryCandidate(name: name, way: way, reason: reason)
    }

    static func unusable(_ name: String, _ reason: String) -> DeliveryCandidate {
        DeliveryCandidate(name: name, way: nil, reason: reason)
    }
}

/// The ways that were looked at, in their order; the first that can be used is taken.
package struct DeliveryDecision: Sendable, Equatable {
    package var candidates: [DeliveryCandidate]

    package var chosen: DeliveryCandidate? { candidates.first { $0.way != nil } }
    package var way: DeliveryWay? { chosen?.way }

    /// The way and its reason, or that there is none.
    package var summary: String {
        chosen.map { "\($0.name): \($0.reason)" } ?? "none: set image_loader or default_registry in the Devloopfile"
    }
}
