// SPDX-License-Identifier: Apache-2.0

/// An image made of what this machine has: programs with the shared libraries that they need, each at the place it has
/// here, and files beside them. No base, no daemon, no registry.
package struct MachineImage: Sendable {
    /// Programs and modules that programs load, as absolute paths; with each come the libraries that the loader names.
    package var programs: [String] = []
    /// Files and folders of this machine and their absolute paths in the image. Links are followed.
    package var files: [(source: String, place: String)] = []
    /// Absolute paths of symbolic links in the image, and what they lead to.
    package var links: [(place: String, target: String)] = []
    /// Files that only the image has.
    package var texts: [(place: String, text: String)] = []
    package var configuration: ImageConfiguration

    package init(configuration: ImageConfiguration) { self.configuration = configuration }

    /// The same files give the same image, byte for byte.
    /// - Parameter ref: name without a tag.
    /// - Throws: `DevloopError` with code image for what is missing here.
    package func pack(as ref: String, cache: LayerDigestCache) async throws -> PackedImage {
        var found = Set<LayerFile>()
        for program in programs {
            found.insert(try .file(program, at: program))
            let needed = try await SharedLibraries.of(program)
            for library in needed.libraries { found.insert(try .file(library.path, at: library.path)) }
            if let loader = needed.loader { found.insert(try .file(loader, at: loader, mode: 0o755)) }
        }
        for (source, place) in files { found.formUnion(try LayerFile.tree(source, at: place)) }
        for (place, target) in links { found.insert(LayerFile(path: place, content: .link(target), mode: 0o777)) }
        for (place, text) in texts {
            found.insert(LayerFile(path: place, content: .bytes(Array(text.utf8)), mode: 0o644))
        }
        let layer = try Layer(name: "files of this machine", files: Array(found), cache: cache)
        return PackedImage(ref: ref, layers: [layer], configuration: configuration)
    }
}
