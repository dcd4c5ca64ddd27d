// SPDX-License-Identifier: Apache-2.0

package import Plan

/// One build of an image from a Dockerfile, with all that decides what comes out.
package struct BuildRequest: Sendable, Equatable {
    /// Absolute directory.
    package var context: String
    package var only: [String]
    package var ignored: PathFilter
    package var dockerfile: BuildDockerfile
    package var arguments: [String: String]
    package var target: String
    /// `linux/amd64`; empty leaves it to the builder.
    package var platform: String
    package var network: String
    package var cacheFrom: [String]
    package var extraHosts: [String]
    /// Names that the image gets where it is built.
    package var tags: [String]
    package var pull: Bool
    /// In the form of `docker build --secret` and `--ssh`.
    package var secrets: [String]
    package var ssh: [String]

    /// - Parameter replacement: what another image of the spec is called where it was built; nil for any other image.
    package init(_ build: DockerBuild, replacing replacement: (String) -> String?) {
        let parsed = Dockerfile(build.text, arguments: build.arguments)
        let text = parsed.replacingImages(replacement)
        context = build.context
        only = build.only
        ignored = build.ignored
        dockerfile = BuildDockerfile(path: build.dockerfile, text: text, isOriginal: text == build.text)
        arguments = build.arguments
        target = build.target
        platform = build.platform
        network = build.network
        cacheFrom = build.cacheFrom
        extraHosts = build.extraHosts
        tags = build.extraTags
        // What was built here cannot be looked for elsewhere.
        pull = build.pull && text == build.text
        secrets = build.secrets
        ssh = build.ssh
    }

    /// Whether it needs what only BuildKit's session or a builder on this machine can give.
    package var needsSession: Bool { !secrets.isEmpty || !ssh.isEmpty }
    /// Names of the parameters that do.
    package var sessionParameters: String {
        [secrets.isEmpty ? nil : "secret", ssh.isEmpty ? nil : "ssh"].compactMap { $0 }.joined(separator: " and ")
    }
}

package struct BuildDockerfile: Sendable, Equatable {
    /// Absolute; nil when the spec holds the text.
    package var path: String?
    package var text: String
    /// The text is that of the file.
    package var isOriginal: Bool
}
