// SPDX-License-Identifier: Apache-2.0

/// The repository that an image reference names, whatever its tag or digest, in a form in which equal ones are equal:
/// `nginx`, `docker.io/library/nginx:1` and `index.docker.io/library/nginx@sha256:...` are one.
package struct ImageName: Hashable, Sendable {
    /// `docker.io` when the reference names no registry.
    package let registry: String
    package let path: String
    /// Tag of the reference, if it has one.
    package let tag: String?
    package let digest: String?

    /// nil when the text is no image reference.
    package init?(_ reference: String) {
        var rest = reference[...]
        var digest: String?
        if let at = rest.firstIndex(of: "@") {
            digest = String(rest[rest.index(after: at)...])
            rest = rest[..<at]
            guard let digest, digest.contains(":"), digest.utf8.count > 32 else { return nil }
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            let text = rest[rest.index(after: colon)...]
            guard Self.isTag(text) else { return nil }
            tag = String(text)
            rest = rest[..<colon]
        }
        var components = rest.split(separator: "/", omittingEmptySubsequences: false)
        var registry = "docker.io"
        if components.count > 1, let first = components.first, Self.isRegistry(first) {
            registry = first == "index.docker.io" ? "docker.io" : String(first)
            components.removeFirst()
        }
        guard !components.isEmpty, components.allSatisfy(Self.isPathComponent) else { return nil }
        let isOfficial = registry == "docker.io" && components.count == 1
        self.registry = registry
        path = (isOfficial ? "library/" : "") + components.joined(separator: "/")
        self.tag = tag
        self.digest = digest
    }

    /// Registry and path, what two references must share to be of one repository.
    package var repository: String { "\(registry)/\(path)" }

    /// Whether a name in a manifest means a ref of the spec: any tag will do when the ref has none.
    package static func matches(_ text: String, ref: String) -> Bool {
        guard let name = ImageName(text), let wanted = ImageName(ref), name.repository == wanted.repository else {
            return false
        }
        return wanted.tag == nil || wanted.tag == name.tag
    }

    private static func isRegistry(_ text: Substring) -> Bool {
        text == "localhost" || text.contains(".") || text.contains(":") || text.contains { $0.isUppercase }
    }

    private static func isPathComponent(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, isLowerAlphanumeric(first),
            isLowerAlphanumeric(last)
        else { return false }
        return text.utf8.allSatisfy { isLowerAlphanumeric($0) || "._-".utf8.contains($0) }
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isTag(_ text: Substring) -> Bool {
        guard (1...128).contains(text.utf8.count), let first = text.utf8.first else { return false }
        func isWord(_ byte: UInt8) -> Bool {
            isLowerAlphanumeric(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || byte == UInt8(ascii: "_")
        }
        return isWord(first)
            && text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }
}
