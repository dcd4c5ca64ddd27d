// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import Hashing
package import ImagePack

/// What a node was given: images of ours in the order of their delivery, and the pins that keep their bases. Pure.
package struct NodeImages: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        /// As the node's runtime stores it.
        package var reference: String
        /// Name without tag; images of one ref are versions of each other.
        package var ref: String
        /// Digest of the configuration: the image's id, under which Kubernetes' part of containerd keeps a second name.
        package var id: ContentDigest
        package var layers: Set<ContentDigest>
        /// What we have called it besides, on a node that keeps names and not digests. They go with it.
        package var otherNames: Set<String> = []

        package init(
            reference: String, ref: String, id: ContentDigest, layers: Set<ContentDigest> = [],
            otherNames: Set<String> = []
        ) {
            self.reference = reference
            self.ref = ref
            self.id = id
            self.layers = layers
            self.otherNames = otherNames
        }
    }

    /// Oldest first.
    package private(set) var images: [Entry] = []
    /// Manifest and layers of each pin, by its reference.
    private var pins: [String: Pin] = [:]

    /// Ids of pins whose name has moved on.
    private var oldPins: [ContentDigest] = []

    private struct Pin: Sendable, Equatable {
        var manifest: ContentDigest
        var id: ContentDigest
        var layers: Set<ContentDigest>
    }

    package init() {}

    /// Layers that the node should have: those of images that were not removed, and those of pins.
    package var layers: Set<ContentDigest> {
        let pinned = pins.values.reduce(into: Set<ContentDigest>()) { $0.formUnion($1.layers) }
        return images.reduce(into: pinned) { $0.formUnion($1.layers) }
    }

    package func has(_ pin: ImagePin) -> Bool { pins[pin.reference]?.manifest == pin.manifestDigest }

    /// Notes a delivery; one that was made before becomes the newest.
    package mutating func add(_ image: PackedImage, pin: ImagePin?) {
        add(
            Entry(
                reference: ImageReference.canonical(image.reference), ref: image.ref, id: image.configurationDigest,
                layers: Set(image.layers.map(\.digest))))
        guard let pin else { return }
        if let old = pins[pin.reference], old.id != pin.configurationDigest { oldPins.append(old.id) }
        pins[pin.reference] = Pin(
            manifest: pin.manifestDigest, id: pin.configurationDigest, layers: Set(pin.layers.map(\.digest)))
    }

    /// Notes an image as the newest of its ref. What it was called before stays known.
    package mutating func add(_ entry: Entry) {
        var entry = entry
        for old in images where old.reference == entry.reference { entry.otherNames.formUnion(old.otherNames) }
        images.removeAll { $0.reference == entry.reference }
        images.append(entry)
    }

    /// Notes again, as the oldest, an image that could not be removed.
    package mutating func putBack(_ entry: Entry) {
        if !has(entry.reference) { images.insert(entry, at: 0) }
    }

    /// Whether the node was given an image of this canonical name, and it was not removed since.
    package func has(_ reference: String) -> Bool { images.contains { $0.reference == reference } }

    /// Whether there may be something to remove.
    package func isOver(_ count: Int) -> Bool { !surplus(keeping: count, inUse: []).isEmpty || !oldPins.isEmpty }

    /// Takes out versions beyond the newest `count` of each ref that no Pod names.
    /// - Returns: the names by which the node's runtime knows what was taken out. Both names of an image have to go, or
    ///   the one that stays would keep it for ever.
    package mutating func removeSurplus(keeping count: Int, inUse: Set<String>) -> [String] {
        let removed = takeSurplus(keeping: count, inUse: inUse)
        let kept = Set(images.map(\.id)).union(pins.values.map(\.id))
        let ids = (removed.map(\.id) + oldPins).filter { !kept.contains($0) }
        oldPins = []
        return removed.map(\.reference) + Set(ids.map(\.oci)).sorted()
    }

    /// Takes out versions as ``removeSurplus(keeping:inUse:)`` does, for a node that has no pins and no second names.
    package mutating func takeSurplus(keeping count: Int, inUse: Set<String>) -> [Entry] {
        let removed = surplus(keeping: count, inUse: inUse)
        let references = Set(removed.map(\.reference))
        images.removeAll { references.contains($0.reference) }
        return removed
    }

    private func surplus(keeping count: Int, inUse: Set<String>) -> [Entry] {
        Dictionary(grouping: images.enumerated(), by: \.element.ref).values
            .flatMap { $0.dropLast(count) }
            .filter { !inUse.contains($0.element.reference) }
            .sorted { $0.offset < $1.offset }
            .map(\.element)
    }
}

extension NodeImages {
    var json: JSONValue {
        let images = images.map { entry -> JSONValue in
            [
                "reference": .string(entry.reference), "ref": .string(entry.ref), "id": .string(entry.id.hex),
                "layers": Self.json(entry.layers),
                "otherNames": .array(entry.otherNames.sorted().map { .string($0) }),
            ]
        }
        let pins = pins.sorted { $0.key < $1.key }.map { name, pin -> JSONValue in
            [
                "reference": .string(name), "manifest": .string(pin.manifest.hex), "id": .string(pin.id.hex),
                "layers": Self.json(pin.layers),
            ]
        }
        return ["images": .array(images), "pins": .array(pins), "oldPins": .array(oldPins.map { .string($0.hex) })]
    }

    /// - Returns: what can be read of it; anything else counts as not given.
    init(json: JSONValue) {
        for value in json["images"]?.array ?? [] {
            guard let reference = value["reference"]?.string, let ref = value["ref"]?.string,
                let id = value["id"]?.string.flatMap(ContentDigest.init)
            else { continue }
            images.append(
                Entry(
                    reference: reference, ref: ref, id: id, layers: Self.layers(value),
                    otherNames: Set((value["otherNames"]?.array ?? []).compactMap(\.string))))
        }
        for value in json["pins"]?.array ?? [] {
            guard let reference = value["reference"]?.string,
                let manifest = value["manifest"]?.string.flatMap(ContentDigest.init),
                let id = value["id"]?.string.flatMap(ContentDigest.init)
            else { continue }
            pins[reference] = Pin(manifest: manifest, id: id, layers: Self.layers(value))
        }
        oldPins = (json["oldPins"]?.array ?? []).compactMap { $0.string.flatMap(ContentDigest.init) }
    }

    private static func json(_ layers: Set<ContentDigest>) -> JSONValue {
        .array(layers.map(\.hex).sorted().map { .string($0) })
    }

    private static func layers(_ value: JSONValue) -> Set<ContentDigest> {
        Set((value["layers"]?.array ?? []).compactMap { $0.string.flatMap(ContentDigest.init) })
    }
}
