// SPDX-License-Identifier: Apache-2.0

package import ImagePack

/// A way for images to reach the node.
package protocol ImageDelivering: Sendable {
    /// The way and why it was chosen, in one line: `containerd of devloop-local, over its socket`.
    var summary: String { get }
    /// Brings the image to where the node can run it from.
    /// - Returns: what was sent, and the reference that manifests must use.
    /// - Throws: `DevloopError` with code image.
    func deliver(_ image: PackedImage) async throws -> Delivery
    /// Opens what the next delivery will need, so that it does not wait for it. Safe to leave out.
    func prepare() async
    /// Ends what is kept open between deliveries.
    func close() async
}

extension ImageDelivering {
    package func prepare() async {}
    package func close() async {}
}

package struct Delivery: Sendable {
    package var reference: String
    /// `already there`, `delta archive`, `full archive` or `registry`.
    package var way: String
    /// Bytes handed over.
    package var sent: Int

    package init(reference: String, way: String, sent: Int) {
        self.reference = reference
        self.way = way
        self.sent = sent
    }
}
