// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// The kind of machine that an image is for, as OCI writes it (image-spec v1.1, image-index.md).
package struct ImagePlatform: Sendable, Hashable, CustomStringConvertible {
    /// `linux` for all that devloop runs.
    package var system: String
    /// `amd64`, `arm64`, `arm`, ...
    package var architecture: String
    /// `v7`, `v8`; nil when none is said, which matches any.
    package var variant: String?

    package init(system: String = "linux", architecture: String, variant: String? = nil) {
        self.system = system
        self.architecture = architecture
        self.variant = variant
    }

    /// Parses `linux/arm64/v8`, `linux/amd64` or `amd64`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        if parts.count == 1 {
            self.init(architecture: Self.normal(parts[0]))
        } else {
            self.init(
                system: parts[0], architecture: Self.normal(parts[1]), variant: parts.count > 2 ? parts[2] : nil)
        }
    }

    /// The `platform` of a descriptor, or the same members of a configuration; nil when it says none.
    init?(json: JSONValue?) {
        guard let system = json?["os"]?.string, let architecture = json?["architecture"]?.string else { return nil }
        self.init(system: system, architecture: architecture, variant: json?["variant"]?.string)
    }

    package var description: String { ([system, architecture] + [variant].compactMap { $0 }).joined(separator: "/") }

    /// Whether an image for `other` runs on this one.
    package func takes(_ other: ImagePlatform) -> Bool {
        system == other.system && architecture == other.architecture
            && (variant == nil || other.variant == nil || variant == other.variant)
    }

    /// Names of the kernel become those of OCI.
    private static func normal(_ architecture: String) -> String {
        switch architecture {
        case "x86_64", "x86-64": "amd64"
        case "aarch64": "arm64"
        default: architecture
        }
    }
}
