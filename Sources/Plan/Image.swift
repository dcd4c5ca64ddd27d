// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// An image that the spec tells how to make.
package struct Image: Sendable, Equatable {
    package enum Builder: Sendable, Equatable {
        case swift(SwiftImage)
        case docker(DockerBuild)
        case custom(CustomBuild)
        /// Somebody else's: only its containers are known.
        case foreign(ForeignContainers)
    }

    /// The name as the spec wrote it. With a tag it stands only for references with that tag, without one for all of its
    /// repository, as in Tilt.
    package var ref: String
    package var builder: Builder
    /// Rules of `live_update`, in the order of the spec; empty when every change makes an image.
    package var liveUpdate: [LiveUpdateStep]
    /// Environment variables of containers whose value is the image's name are replaced like `image` itself.
    package var matchesEnvironment = false
    /// Refs of the spec's images that must be made before this one: `FROM` and `COPY --from` of a Dockerfile,
    /// `image_deps` of a `custom_build`.
    package var dependencies: [String] = []
    /// Replaces command and arguments of the container; nil keeps those of the manifest.
    package var entrypoint: [String]?
    /// Replaces the arguments of the container; nil keeps those of the manifest.
    package var containerArguments: [String]?
    /// A container with the agent stays when its program ends, and the next change starts it again.
    package var staysAfterExit = false
    package var location: SourceLocation?

    package init(ref: String, builder: Builder, liveUpdate: [LiveUpdateStep] = []) {
        self.ref = ref
        self.builder = builder
        self.liveUpdate = liveUpdate
    }

    /// The image without its place in the spec, see ``Resource/definition``.
    package var definition: Image {
        var copy = self
        copy.location = nil
        return copy
    }

    package var swift: SwiftImage? { if case .swift(let value) = builder { value } else { nil } }
    package var docker: DockerBuild? { if case .docker(let value) = builder { value } else { nil } }
    package var custom: CustomBuild? { if case .custom(let value) = builder { value } else { nil } }

    /// Whether files of this machine are to be kept in its containers.
    package var hasSyncRules: Bool {
        liveUpdate.contains { step in
            if case .sync(let rule) = step { rule.policy.isSynced } else { false }
        }
    }

    /// The ref without its tag: what devloop's own tags are appended to.
    package var repository: String {
        let name = ref.lastIndex(of: "/").map(ref.index(after:)) ?? ref.startIndex
        guard let colon = ref[name...].lastIndex(of: ":") else { return ref }
        return String(ref[..<colon])
    }

    /// Absolute paths whose change is a change of the image; a Swift image asks its package instead.
    package var inputs: [String] {
        switch builder {
        case .swift(let swift): swift.basePath.map { [$0] } ?? []
        case .docker(let build): build.inputs
        case .custom(let build): build.deps
        case .foreign: []
        }
    }

    /// What among the inputs is no change.
    package var ignored: PathFilter {
        switch builder {
        case .swift, .foreign: PathFilter()
        case .docker(let build): build.ignored
        case .custom(let build): build.ignored
        }
    }
}

/// `swift_image(ref, package='.', product='', base='scratch', args=[], env={}, resources=[], live_update=[], live=True,
/// match_in_env_vars=False, user='', workdir='', ports=[], roll_back=False)`.
package struct SwiftImage: Sendable, Equatable {
    /// Absolute directory of the package.
    package var package: String
    /// Executable product; empty means the only one that the package has.
    package var product: String
    /// `scratch`, the name of a base image, or one of this machine: `oci:` and the absolute path of an OCI layout,
    /// `oci-archive:` or `docker-archive:` and that of a file.
    package var base: String
    /// Arguments of the program in the container.
    package var arguments: [String] = []
    package var environment: [String: String] = [:]
    /// Files or directories of this machine (absolute) and where they are put in the image (absolute).
    package var resources: [FileMapping] = []
    /// Whether `up` syncs new executables into running Pods; else each build makes an image.
    package var live = true
    /// `user` or `user:group`, by number unless the base knows the name; empty keeps that of the base.
    package var user = ""
    /// Absolute; empty keeps that of the base.
    package var directory = ""
    /// `8080/tcp`.
    package var ports: [String] = []
    /// Whether a change set is taken back when the program ends at once after it.
    package var rollsBack = false

    package init(package: String, product: String, base: String = "scratch") {
        self.package = package
        self.product = product
        self.base = base
    }

    /// Prefixes of bases that are on this machine.
    package static let localBases = ["oci:", "oci-archive:", "docker-archive:"]

    /// Absolute path of a base that is on this machine; nil for others.
    package var basePath: String? { Self.localPath(ofBase: base) }

    package static func localPath(ofBase base: String) -> String? {
        localBases.first { base.hasPrefix($0) }.map { String(base.dropFirst($0.utf8.count)) }
    }
}

/// `custom_build(ref, command, deps, ...)`: an image from any command; the wanted ref is in `$EXPECTED_REF`.
package struct CustomBuild: Sendable, Equatable {
    package var command: Command
    /// Absolute paths; a change of one is a change of the image.
    package var deps: [String]
    /// Fixed tag that the command makes; empty when it follows `$EXPECTED_REF`.
    package var tag = ""
    /// The command delivers the image itself.
    package var disablePush = false
    package var skipsLocalDocker = false
    package var ignored = PathFilter()
    /// File into which the command writes the ref that it made; nil when it follows `$EXPECTED_REF`.
    package var outputsImageRefTo: String?

    package init(command: Command, deps: [String]) {
        self.command = command
        self.deps = deps
    }
}

/// From a path of this machine to a path in the container, both absolute.
package struct FileMapping: Sendable, Equatable {
    package var source: String
    /// Empty for a policy that brings nothing to the container.
    package var destination: String
    package var policy: SyncPolicy

    package init(source: String, destination: String, policy: SyncPolicy = .sync) {
        self.source = source
        self.destination = destination
        self.policy = policy
    }
}

/// One step of `live_update`.
package enum LiveUpdateStep: Sendable, Equatable {
    /// `sync(local, remote, policy='sync', signal='')`: files below `source` are kept at `destination`.
    case sync(FileMapping)
    /// `run(cmd, trigger=[])`: a command in the container after files arrived; with triggers only if one of them changed.
    case run(arguments: [String], triggers: [String])
    /// `fall_back_on(files)`: a change of one of these absolute paths makes an image instead.
    case fallBackOn([String])
    /// `restart_container()`: the process starts again after each set.
    case restart
    /// `restart_container(trigger)`: the same, when a file below one of these absolute paths is among them.
    case restartOn([String])
    /// `initial_sync()`: a new container is brought up to date before the first change.
    case initialSync

    /// Absolute paths whose changes the step is about.
    package var sources: [String] {
        switch self {
        case .sync(let mapping): [mapping.source]
        case .fallBackOn(let files): files
        case .run, .restart, .restartOn, .initialSync: []
        }
    }
}
