// SPDX-License-Identifier: Apache-2.0

/// `docker_build(ref, context, ...)`: an image from a Dockerfile.
package struct DockerBuild: Sendable, Equatable {
    /// Absolute directory that the Dockerfile's instructions read from.
    package var context: String
    /// Absolute path of the Dockerfile; nil when its text was given instead.
    package var dockerfile: String?
    /// The Dockerfile's text.
    package var text: String
    package var arguments: [String: String] = [:]
    /// Stage to stop at; empty means the last one.
    package var target = ""
    /// Absolute paths below the context that alone belong to it; empty means all.
    package var only: [String] = []
    /// What of the context does not belong to it: `.dockerignore` and `ignore=`.
    package var ignored = PathFilter()
    /// `linux/amd64`; empty means the node's.
    package var platform = ""
    package var ssh: [String] = []
    package var secrets: [String] = []
    package var network = ""
    package var cacheFrom: [String] = []
    package var extraTags: [String] = []
    package var extraHosts: [String] = []
    /// Base images are looked for anew each time.
    package var pull = false

    package init(context: String, dockerfile: String?, text: String) {
        self.context = context
        self.dockerfile = dockerfile
        self.text = text
    }

    /// Absolute paths whose change is a change of the image.
    package var inputs: [String] { (only.isEmpty ? [context] : only) + [dockerfile].compactMap { $0 } }
}
