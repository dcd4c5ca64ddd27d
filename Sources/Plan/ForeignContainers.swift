// SPDX-License-Identifier: Apache-2.0

/// Running containers that devloop does not render, and that files are brought into: those of `k8s_custom_deploy` and
/// `sync_resource`. As the maker of an ``Image`` it stands for one that is never made here.
package struct ForeignContainers: Sendable, Equatable {
    /// What brings the files.
    package enum Via: String, Sendable, CaseIterable {
        /// An agent that is in the container already.
        case agent
        /// `tar` of the image, executed in the container.
        case tar
    }

    package var via: Via
    /// Containers of this image.
    package var image: String?
    /// Containers of this name; without it and ``image`` the first one of each Pod.
    package var container: String?

    package init(via: Via = .agent, image: String? = nil, container: String? = nil) {
        self.via = via
        self.image = image
        self.container = container
    }

    /// The containers of a Pod that are meant, by their places in it.
    /// - Parameter containers: name and image of each, in the order of the Pod.
    package func chosen(of containers: [(name: String, image: String)]) -> [Int] {
        containers.indices.filter { index in
            if let container { return containers[index].name == container }
            if let image { return ImageName.matches(containers[index].image, ref: image) }
            return index == 0
        }
    }

    /// What selects them, as a person is told.
    package var selection: String {
        container.map { "is named \"\($0)\"" } ?? image.map { "runs \($0)" } ?? "is there"
    }
}

extension Image {
    /// The live update of a resource whose Pods devloop does not render.
    /// - Parameter resource: its name; no image can be called as the result is.
    package static func foreign(
        _ containers: ForeignContainers, of resource: String, _ liveUpdate: [LiveUpdateStep]
    ) -> Image {
        Image(ref: "\(resource) (live update)", builder: .foreign(containers), liveUpdate: liveUpdate)
    }

    /// Nil for images that are made.
    package var foreign: ForeignContainers? { if case .foreign(let value) = builder { value } else { nil } }
}
