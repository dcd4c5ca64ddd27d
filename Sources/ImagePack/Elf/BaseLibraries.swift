// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ElfFiles

/// The shared libraries of a base image, as far as the loader finds them without being told where.
package struct BaseLibraries: Sendable, Equatable {
    /// A file that a layer puts at a path.
    enum Item: Sendable, Equatable {
        /// A library and the versions that it defines.
        case library(Set<String>)
        /// A symbolic link, by the path that it leads to.
        case link(String)
        /// The layer takes away what lies below.
        case removed
    }

    /// By path without the leading slash.
    var items: [String: Item] = [:]
    /// Whether all layers could be read; one that is compressed with zstd cannot.
    var isComplete = true

    /// Where loaders of glibc look on Debian, Red Hat and their kin.
    private static let folders = [
        "lib", "usr/lib", "lib64", "usr/lib64", "lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu",
        "lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu",
    ]
    /// libc and the loader are a few MB; more is not read.
    private static let maximumLibrary = 64 << 20

    /// Whether a path may be a library that the loader finds.
    static func isCandidate(_ path: String) -> Bool {
        guard let slash = path.lastIndex(of: "/") else { return false }
        let name = path[path.index(after: slash)...]
        return folders.contains(String(path[..<slash])) && (name.contains(".so") || name.hasPrefix(".wh."))
    }

    /// Puts a layer over those that are there.
    mutating func apply(_ layer: BaseLibraries) {
        isComplete = isComplete && layer.isComplete
        for (path, item) in layer.items {
            guard item == .removed else { continue }
            items = items.filter { $0.key != path && !$0.key.hasPrefix("\(path)/") }
        }
        for (path, item) in layer.items where item != .removed { items[path] = item }
    }

    /// The versions that the library of a name defines; nil when there is none.
    package func versions(of name: String) -> Set<String>? {
        for folder in Self.folders {
            var path = "\(folder)/\(name)"
            for _ in 0..<8 {
                guard case .link(let target) = items[path] else { break }
                path = target
            }
            if case .library(let versions) = items[path] { return versions }
        }
        return nil
    }

    /// Reads the libraries that one layer has.
    /// - Throws: `DevloopError` with code image when it is no tar.
    static func read(_ layer: Layer) throws(DevloopError) -> BaseLibraries {
        var found = BaseLibraries()
        guard layer.mediaType != MediaType.zstdLayer else {
            found.isComplete = false
            return found
        }
        let reader = TarStream(layer.content, isCompressed: layer.mediaType == MediaType.gzipLayer)
        while let entry = try reader.next() {
            let path = clean(entry.path)
            if let hidden = whiteout(path) { found.items[hidden] = .removed }
            guard isCandidate(path) else { continue }
            switch entry.type {
            case UInt8(ascii: "1"): found.items[path] = .link(clean(entry.link))
            case UInt8(ascii: "2"): found.items[path] = .link(resolve(entry.link, from: path))
            case UInt8(ascii: "0"), 0:
                guard entry.size <= maximumLibrary, let file = ElfFile(bytes: try reader.content()) else { continue }
                found.items[path] = .library(file.definedVersions)
            default: continue
            }
        }
        return found
    }

    /// What a whiteout hides (OCI image-spec v1.1, layer.md); nil for other files.
    private static func whiteout(_ path: String) -> String? {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let name = path.dropFirst(folder.utf8.count)
        guard name.hasPrefix(".wh.") else { return nil }
        return name == ".wh..wh..opq" ? String(folder.dropLast()) : folder + name.dropFirst(4)
    }

    private static func resolve(_ target: String, from path: String) -> String {
        if target.hasPrefix("/") { return clean(target) }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        return clean(folder + target)
    }

    private static func clean(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }
}
