// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Hashing
import Synchronization

/// Remembers what libraries layers of base images have, so that each is unpacked once.
package final class BaseLibraryCache: Sendable {
    private let folder: String?
    private let known = Mutex<[ContentDigest: BaseLibraries]>([:])

    /// - Parameter folder: where to keep it over sessions; nil keeps it in memory.
    package init(folder: String?) { self.folder = folder }

    /// - Throws: `DevloopError` with code image when a layer cannot be read.
    package func libraries(of base: BaseImage) throws(DevloopError) -> BaseLibraries {
        var all = BaseLibraries()
        for layer in base.layers { all.apply(try libraries(in: layer, of: base)) }
        return all
    }

    private func libraries(in layer: Layer, of base: BaseImage) throws(DevloopError) -> BaseLibraries {
        if let found = known.withLock({ $0[layer.diffID] }) { return found }
        let path = folder.map { "\($0)/\(layer.diffID.hex).json" }
        let found: BaseLibraries
        if let path, let bytes = try? SmallFile.read(path), let kept = BaseLibraries(json: bytes) {
            found = kept
        } else {
            do {
                found = try BaseLibraries.read(layer)
            } catch {
                throw DevloopError(
                    .image, "a layer of the base \(base.reference) cannot be read: \(error.message)",
                    hint: error.hint, cause: error)
            }
            if let path, found.isComplete { SmallFile.replace(path, with: found.json) }
        }
        known.withLock { $0[layer.diffID] = found }
        return found
    }
}

extension BaseLibraries {
    /// Form of the file; another one is read anew.
    private static let format = 1

    fileprivate var json: [UInt8] {
        let members = items.sorted { $0.key < $1.key }.map { path, item -> (String, JSONValue) in
            switch item {
            case .library(let versions): (path, .array(versions.sorted().map { .string($0) }))
            case .link(let target): (path, .string(target))
            case .removed: (path, .null)
            }
        }
        return JSONValue.object(["format": .int(Self.format), "items": .object(JSONObject(members))]).jsonBytes
    }

    fileprivate init?(json bytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: bytes), json["format"]?.int == Self.format,
            let members = json["items"]?.object?.members
        else { return nil }
        for (path, value) in members {
            if let versions = value.array {
                items[path] = .library(Set(versions.compactMap(\.string)))
            } else if let target = value.string {
                items[path] = .link(target)
            } else {
                items[path] = .removed
            }
        }
    }
}
