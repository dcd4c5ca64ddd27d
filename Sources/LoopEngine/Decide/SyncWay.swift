// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import Plan

/// What an image runs by itself, as far as that can be known.
package struct ImageProgram: Sendable, Equatable {
    /// Nil when it is not known.
    package var entrypoint: [String]?
    package var arguments: [String]
    /// Why it is not known.
    package var problem: String?

    package init(entrypoint: [String]?, arguments: [String] = [], problem: String? = nil) {
        self.entrypoint = entrypoint
        self.arguments = arguments
        self.problem = problem
    }
}

/// How changes come into the running containers of an image; pure, so that `explain` can ask it too.
package enum SyncWay: Sendable, Equatable {
    /// The agent is in the image, which devloop has packed.
    case builtIn
    /// An init container brings the agent, and the container's command is the agent's.
    case injected
    /// Into containers that devloop does not render, see ``ContainerWay``.
    case foreign(ForeignContainers.Via)
    /// Nothing can be synced, for this reason: each change makes an image.
    case refused(String)

    /// - Parameter program: of the image; nil while it has not been made, when it counts as known.
    /// - Returns: nil for an image that asks for no live update.
    package static func choose(_ image: Image, in resource: Resource, program: ImageProgram? = nil) -> SyncWay? {
        if let foreign = image.foreign { return image.hasSyncRules ? .foreign(foreign.via) : nil }
        if let swift = image.swift {
            guard swift.live else { return nil }
        } else if !image.hasSyncRules {
            return nil
        }
        guard let kubernetes = resource.kubernetes else { return nil }
        if kubernetes.customDeploy != nil {
            return .refused("\(resource.name) is deployed by its own command, so that its Pods have no agent")
        }
        let containers = containers(of: kubernetes, running: image.ref)
        guard !containers.isEmpty else {
            return .refused("no Pod template of \(resource.name) that devloop knows runs \(image.ref)")
        }
        if image.swift != nil { return .builtIn }
        guard let program, image.entrypoint == nil else { return .injected }
        let isKnown = containers.allSatisfy {
            ContainerCommand.words($0, entrypoint: program.entrypoint, arguments: program.arguments) != nil
        }
        if isKnown { return .injected }
        return .refused(program.problem ?? "neither \(image.ref) nor the manifest names a program to run")
    }

    /// Containers of the templates that the agent can be added to. What a controller of a custom resource makes of its
    /// templates is not known.
    private static func containers(of kubernetes: KubernetesResource, running ref: String) -> [JSONValue] {
        kubernetes.objects.filter { $0.podPath != nil }.flatMap(\.podSpecs)
            .flatMap { $0["containers"]?.array ?? [] }
            .filter { container in container["image"]?.string.map { ImageName.matches($0, ref: ref) } ?? false }
    }

    /// What a person is told when the image is deployed.
    package func explanation(of ref: String) -> String {
        switch self {
        case .builtIn: "changes of \(ref) are synced into its containers: the agent is in the image"
        case .injected:
            "changes of \(ref) are synced into its containers: an init container brings the agent, since devloop has"
                + " not packed the image"
        case .foreign(.agent): "\(ref): files are synced through the agent that its containers run"
        case .foreign(.tar): "\(ref): files are synced by the tar of its containers"
        case .refused(let reason): "each change of \(ref) makes an image: \(reason)"
        }
    }
}
