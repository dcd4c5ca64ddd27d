// SPDX-License-Identifier: Apache-2.0

package import Hashing
import SyncProtocol

/// One file that a container should have.
package struct SyncFile: Sendable {
    /// Where the content is taken from when it has to be sent.
    package enum Source: Sendable {
        /// A file on this machine; it is read only if the container does not have its content.
        case file(String)
        case bytes([UInt8])
    }

    /// Absolute path in the container.
    package var destination: String
    package var source: Source
    /// 0o644 or 0o755: only the executable bit travels. That of a symbolic link is ``SyncLimits/linkMode``.
    package var mode: UInt16
    /// SHA-256 of the content; a source that no longer has it when it is read aborts the set.
    package var digest: ContentDigest
    /// Bytes.
    package var size: UInt64
    /// The file runs in place of the first word of the container's command.
    package var isEntry: Bool
    /// What the container's image probably has in this place; nil where nobody knows. A guess that is wrong costs a second
    /// sending, nothing else.
    package var imageCopy: ContentDigest?

    package init(
        destination: String,
        source: Source,
        mode: UInt16,
        digest: ContentDigest,
        size: UInt64,
        isEntry: Bool = false
    ) {
        self.destination = destination
        self.source = source
        self.mode = mode
        self.digest = digest
        self.size = size
        self.isEntry = isEntry
    }

    package var isLink: Bool { mode == SyncLimits.linkMode }

    /// A symbolic link that holds this path.
    package init(destination: String, link target: [UInt8]) {
        self.init(destination: destination, bytes: target, mode: SyncLimits.linkMode)
    }

    /// Content in memory, with its digest.
    package init(destination: String, bytes: [UInt8], mode: UInt16 = 0o644, isEntry: Bool = false) {
        self.init(
            destination: destination, source: .bytes(bytes), mode: mode, digest: SHA256.digest(of: bytes),
            size: UInt64(bytes.count), isEntry: isEntry)
    }
}
