// SPDX-License-Identifier: Apache-2.0

package import ContainerEngine
import DevloopCore
package import Hashing
import ImagePack

/// Remembers which images of a node's Docker Engine are ours, and removes old versions of them.
///
/// Of each ref the newest stay, and whatever a Pod names or a container uses; no other image is ever looked at.
package actor EngineImages {
    private let engine: EngineClient
    private let memory: DeliveryMemory?
    private let imagesInUse: NodeImport.ImagesInUse?
    private let keptVersions: Int
    private var given: NodeImages
    private var pruning: Task<Void, Never>?

    /// - Parameters:
    ///   - memory: where to remember over sessions what is ours.
    ///   - imagesInUse: nil removes nothing.
    ///   - keptVersions: of each ref.
    package init(
        _ engine: EngineClient, memory: DeliveryMemory?, imagesInUse: NodeImport.ImagesInUse?, keptVersions: Int = 5
    ) {
        self.engine = engine
        self.memory = memory
        self.imagesInUse = imagesInUse
        self.keptVersions = keptVersions
        given = memory?.load() ?? NodeImages()
    }

    /// An image of ours is in the engine and is the newest of its ref: it was loaded, or built there.
    /// - Parameters:
    ///   - reference: `name:tag`, with a tag that we have given.
    ///   - ref: name without tag.
    ///   - otherNames: further names that we have given it.
    package func note(_ reference: String, ref: String, id: ContentDigest, otherNames: Set<String> = []) {
        let before = given
        let canonical = ImageReference.canonical(reference)
        let others = Set(otherNames.map(ImageReference.canonical)).subtracting([canonical])
        given.add(NodeImages.Entry(reference: canonical, ref: ref, id: id, otherNames: others))
        if given != before { memory?.save(given) }
        prune()
    }

    /// An image was found there: it counts as the newest of its ref if it is ours, and else is left alone.
    package func found(_ reference: String, ref: String, id: ContentDigest) {
        if given.has(ImageReference.canonical(reference)) { note(reference, ref: ref, id: id) }
    }

    /// Waits until what was to be removed is.
    package func settle() async { await pruning?.value }

    private func prune() {
        guard pruning == nil, let imagesInUse, given.isOver(keptVersions) else { return }
        pruning = Task {
            // Unless Pods can be listed, nothing is removed.
            if let inUse = try? await imagesInUse() { await removeSurplus(inUse) }
            pruning = nil
        }
    }

    private func removeSurplus(_ inUse: Set<String>) async {
        let surplus = given.takeSurplus(keeping: keptVersions, inUse: inUse)
        guard !surplus.isEmpty else { return }
        for entry in surplus {
            // A name that was not taken away is one for the next time.
            if await !remove(entry) { given.putBack(entry) }
        }
        memory?.save(given)
    }

    /// - Returns: whether no name of ours leads to it any more.
    private func remove(_ entry: NodeImages.Entry) async -> Bool {
        for name in entry.otherNames.sorted() + [entry.reference] {
            guard let removal = try? await engine.remove(name, of: entry.id.oci), removal != .inUse else {
                return false
            }
        }
        return true
    }
}
