// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport

/// buildah as the builder of images.
enum Buildah {
    /// An engine that is not there, and buildah with storage of its own, as a machine without user namespaces has it.
    static func environment(_ storage: TemporaryDirectory) throws -> [String: String] {
        try storage.write(
            "storage.conf",
            "[storage]\ndriver = \"vfs\"\ngraphroot = \"\(storage("root"))\"\nrunroot = \"\(storage("run"))\"\n")
        return [
            "DOCKER_HOST": "unix://\(storage("none.sock"))", "CONTAINERS_STORAGE_CONF": storage("storage.conf"),
            "BUILDAH_ISOLATION": "chroot",
        ]
    }
}
