// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Hashing

/// Reads images that other programs wrote: archives of `docker save` and `podman save`, OCI archives, and OCI layouts
/// as a directory. Nothing is unpacked; every digest that is named is checked.
///
/// Sources: OCI image-spec v1.1 (image-layout.md, image-index.md, manifest.md), and Docker's image specification v1.2
/// for `manifest.json`.
package struct ImageArchiveReader: Sendable {
    /// Which one of the archive's images.
    package struct Choice: Sendable {
        /// nil takes the only one there is.
        package var platform: ImagePlatform?
        /// One of the references in the archive; nil takes the only image.
        package var reference: String?

        package init(platform: ImagePlatform? = nil, reference: String? = nil) {
            self.platform = platform
            self.reference = reference
        }
    }

    let place: ArchivePlace
    let choice: Choice

    /// - Parameter path: an archive, or the directory of an OCI layout.
    /// - Throws: `DevloopError` with code image: no such file, no image, cut off, a blob missing or not what its digest
    ///   says, no image of that name or platform.
    package static func read(_ path: String, _ choice: Choice = Choice()) throws(DevloopError) -> ArchivedImage {
        let reader = ImageArchiveReader(place: try ArchivePlace(path), choice: choice)
        // Engines since 25 write both forms; the layout says more.
        if let index = try reader.place.document("index.json") { return try reader.layout(index) }
        if let manifest = try reader.place.document("manifest.json") { return try reader.docker(manifest) }
        throw reader.fault(
            "is no image: it has neither index.json nor manifest.json",
            hint: "it must come from docker save, podman save, buildah push, skopeo or the like")
    }

    // MARK: the form of docker save

    private func docker(_ manifest: JSONValue) throws(DevloopError) -> ArchivedImage {
        var images: [(image: JSONValue, names: [String])] = []
        for image in manifest.array ?? [] {
            images.append((image, (image["RepoTags"]?.array ?? []).compactMap(\.string)))
        }
        let (image, names) = try choose(images)
        guard let file = image["Config"]?.string, let files = image["Layers"]?.array?.map(\.string) else {
            throw fault("has a manifest.json without Config or Layers")
        }
        guard let configuration = try place.bytes(file) else { throw fault("lacks '\(file)'") }
        // The file is named after its content: `<hex>.json`, or the path of a blob.
        let name = file.split(separator: "/").last.map(String.init) ?? file
        let stem = name.hasSuffix(".json") ? String(name.dropLast(5)) : name
        if let said = ContentDigest(stem) { try check(SHA256.digest(of: configuration), said, file) }
        let facts = try facts(of: configuration, layers: files.count)
        var layers: [Layer] = []
        for (index, file) in files.enumerated() {
            guard let file, let content = try place.source(file) else {
                throw fault("lacks layer \(index + 1) of \(files.count)\(file.map { ", '\($0)'" } ?? "")")
            }
            let digest = try content.digest()
            let type: String
            switch Compression(try content.prefix(4)) {
            case nil:
                type = MediaType.layer
                try check(digest, facts.diffIDs[index], file)
            case .gzip: type = "\(MediaType.layer)+gzip"
            case .zstd: type = "\(MediaType.layer)+zstd"
            case let other?: throw fault("has a layer that is compressed with \(other.rawValue): '\(file)'")
            }
            layers.append(
                Layer(
                    name: "layer \(index + 1)", digest: digest, mediaType: type, diffID: facts.diffIDs[index],
                    content: content))
        }
        return ArchivedImage(
            configuration: configuration, layers: layers, names: names, platform: facts.platform)
    }

    // MARK: the OCI form

    private func layout(_ index: JSONValue) throws(DevloopError) -> ArchivedImage {
        var found: [OCIManifest] = []
        var others: Set<String> = []
        try collect(index, names: [], depth: 0, into: &found, others: &others)
        if let platform = choice.platform {
            others.formUnion(found.map { "\($0.facts.platform)" })
            found = found.filter { platform.takes($0.facts.platform) }
            guard !found.isEmpty || others.isEmpty else {
                throw fault(
                    "has no image for \(platform), only for \(others.sorted().joined(separator: ", "))",
                    hint: "build or copy it for \(platform)")
            }
        }
        let (manifest, names) = try choose(found.map { ($0, $0.names) })
        let descriptors = manifest.value["layers"]?.array ?? []
        var layers: [Layer] = []
        for (index, descriptor) in descriptors.enumerated() {
            let name = "layer \(index + 1)"
            let given = descriptor["mediaType"]?.string ?? ""
            guard let type = MediaType.layer(given) else { throw fault("has a \(name) of the unknown type '\(given)'") }
            let (digest, content) = try blob(descriptor, name)
            try check(try content.digest(), digest, name)
            if type == MediaType.layer { try check(digest, manifest.facts.diffIDs[index], name) }
            layers.append(
                Layer(
                    name: name, digest: digest, mediaType: type, diffID: manifest.facts.diffIDs[index], content: content
                ))
        }
        return ArchivedImage(
            configuration: manifest.configuration, layers: layers, names: names, platform: manifest.facts.platform)
    }

    private struct OCIManifest {
        var digest: ContentDigest
        var value: JSONValue
        var configuration: [UInt8]
        var facts: Facts
        var names: [String]
    }

    /// All images below an index, which may hold indexes in turn, but those of `others`: platforms that are not asked for.
    private func collect(
        _ index: JSONValue, names: [String], depth: Int, into found: inout [OCIManifest], others: inout Set<String>
    ) throws(DevloopError) {
        guard depth < 4, let manifests = index["manifests"]?.array else {
            throw fault(depth < 4 ? "has an index without manifests" : "has indexes within indexes without end")
        }
        for descriptor in manifests {
            let annotations = descriptor["annotations"]
            let own = ["io.containerd.image.name", "org.opencontainers.image.ref.name"]
                .compactMap { annotations?[$0]?.string }
            let names = names + own.filter { !names.contains($0) }
            // Attestations are listed beside the images that they are about.
            if ImagePlatform(json: descriptor["platform"])?.system == "unknown" { continue }
            if let platform = choice.platform, let said = ImagePlatform(json: descriptor["platform"]),
                !platform.takes(said), manifests.count > 1
            {
                // Archives of one platform of many may list blobs that are not there.
                others.insert("\(said)")
                continue
            }
            let (digest, content) = try blob(descriptor, "a manifest")
            let bytes = try small(content, "a manifest")
            try check(SHA256.digest(of: bytes), digest, "a manifest")
            let value = try json(bytes, "a manifest")
            if value["manifests"] != nil {
                try collect(value, names: names, depth: depth + 1, into: &found, others: &others)
                continue
            }
            guard let config = value["config"], let layers = value["layers"]?.array else {
                throw fault("has a manifest without config or layers")
            }
            // Artifacts of other kinds live in layouts too.
            let type = config["mediaType"]?.string ?? ""
            guard type.contains("image.config") || type.contains("container.image.v1") else { continue }
            let (configDigest, configContent) = try blob(config, "the configuration")
            let configuration = try small(configContent, "the configuration")
            try check(SHA256.digest(of: configuration), configDigest, "the configuration")
            // One image under two names is listed twice.
            if let same = found.firstIndex(where: { $0.digest == digest }) {
                found[same].names += names.filter { !found[same].names.contains($0) }
                continue
            }
            found.append(
                OCIManifest(
                    digest: digest, value: value, configuration: configuration,
                    facts: try facts(of: configuration, layers: layers.count), names: names))
        }
    }

    /// The bytes that a descriptor names, of the size that it says.
    private func blob(_ descriptor: JSONValue, _ what: String) throws(DevloopError) -> (ContentDigest, ByteSource) {
        let text = descriptor["digest"]?.string ?? ""
        guard text.hasPrefix("sha256:"), let digest = ContentDigest(text) else {
            throw fault("names \(what) by '\(text)', which is no SHA-256 digest")
        }
        guard let content = try place.source("blobs/sha256/\(digest.hex)") else {
            throw fault(
                "lacks \(what), \(digest.oci)",
                hint: "write the archive with all its blobs; a delta archive is no whole image")
        }
        guard let size = descriptor["size"]?.int, size == content.size else {
            throw fault("has \(what) of \(content.size) bytes where \(descriptor["size"]?.int ?? 0) are said")
        }
        return (digest, content)
    }

    // MARK: both

    /// What a configuration says that matters here.
    struct Facts {
        var platform: ImagePlatform
        var diffIDs: [ContentDigest]
    }

    private func facts(of configuration: [UInt8], layers: Int) throws(DevloopError) -> Facts {
        let value = try json(configuration, "the configuration")
        guard let platform = ImagePlatform(json: value) else {
            throw fault("has a configuration without os and architecture")
        }
        let texts = value.at("rootfs", "diff_ids")?.array ?? []
        let diffIDs = texts.compactMap { $0.string.flatMap(ContentDigest.init) }
        guard diffIDs.count == texts.count, diffIDs.count == layers else {
            throw fault("has \(layers) layers, and a configuration for \(texts.count)")
        }
        return Facts(platform: platform, diffIDs: diffIDs)
    }

    /// The image that the choice means.
    private func choose<Image>(_ images: [(image: Image, names: [String])]) throws(DevloopError) -> (Image, [String]) {
        var left = images
        if let reference = choice.reference {
            let wanted = ImageReference.canonical(reference)
            left = images.filter { $0.names.contains { $0 == reference || ImageReference.canonical($0) == wanted } }
        }
        let names = images.flatMap(\.names)
        if let first = left.first, left.count == 1 { return (first.image, first.names) }
        guard !images.isEmpty else { throw fault("holds no image") }
        let known = names.isEmpty ? "images without names" : names.joined(separator: ", ")
        if left.isEmpty, let reference = choice.reference {
            throw fault("has no image '\(reference)', it has \(known)", hint: "say one of its names")
        }
        throw fault("has several images: \(known)", hint: "say which by its name or platform")
    }

    private func small(_ content: ByteSource, _ what: String) throws(DevloopError) -> [UInt8] {
        guard content.size <= ArchivePlace.maximumDocument else {
            throw fault("has \(what) of \(content.size) bytes, which is too large to be one")
        }
        return try content.bytes()
    }

    private func json(_ bytes: [UInt8], _ what: String) throws(DevloopError) -> JSONValue {
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw fault("has \(what) that is no JSON: \(error.message) at byte \(error.offset)")
        }
    }

    private func check(_ found: ContentDigest, _ said: ContentDigest, _ what: String) throws(DevloopError) {
        guard found != said else { return }
        throw fault("is damaged: \(what) has the digest \(found.oci) and not \(said.oci)")
    }

    private func fault(_ text: String, hint: String? = nil) -> DevloopError {
        DevloopError(.image, "\(place.path) \(text)", hint: hint ?? "write the archive again")
    }
}
