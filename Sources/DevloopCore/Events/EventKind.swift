// SPDX-License-Identifier: Apache-2.0

/// A kind of ``Event``, with the description that `docs/events.md` is generated from.
package struct EventKind: Hashable, Sendable {
    /// A member of the event's object.
    package struct Field: Sendable {
        package let name: String
        /// As in JSON, with the unit where it is a number: `number, ms`.
        package let type: String
        package let meaning: String

        init(_ name: String, _ type: String, _ meaning: String) {
            self.name = name
            self.type = type
            self.meaning = meaning
        }
    }

    /// Dotted, past tense: `sync.committed`.
    package let name: String
    package let meaning: String
    package let fields: [Field]

    init(_ name: String, _ meaning: String, _ fields: [Field] = []) {
        self.name = name
        self.meaning = meaning
        self.fields = fields
    }

    package static func == (left: EventKind, right: EventKind) -> Bool { left.name == right.name }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension EventKind {
    package static let sessionStarted = Self(
        "session.started", "a command began its work",
        [
            Field("command", "string", "`up`, `run`, `ci` or `down`"), Field("version", "string", "version of devloop"),
            Field("spec", "string", "path of the Devloopfile"),
        ])
    package static let sessionReady = Self(
        "session.ready", "all resources that start with the session are ready, for the first time",
        [
            Field("resources", "array of string", "their names"),
            Field("duration", "number, ms", "since the session started"),
        ])
    package static let clusterConnected = Self(
        "cluster.connected", "the API server answered; told again after a break",
        [
            Field("context", "string", "kubeconfig context"), Field("namespace", "string", "namespace of the session"),
            Field("server", "string", "server version; `none` in local mode"),
            Field("runtime", "string", "container runtime of the node"),
            Field("architecture", "string", "processor architecture of the node"),
            Field("delivery", "string", "how images reach the node, and why"),
        ])
    package static let clusterFailed = Self(
        "cluster.failed", "the cluster cannot be used; tried again or waited for",
        [
            Field("code", "string", "kind of error"), Field("message", "string", "what is wrong"),
            Field("hint", "string", "what to do"), Field("waiting", "string", "what ends the wait"),
        ])
    package static let planLoaded = Self(
        "plan.loaded", "the Devloopfile was evaluated",
        [
            Field("resources", "array of string", "names in order"), Field("duration", "number, ms", "evaluation time"),
            Field("warnings", "array of string", "remarks of the evaluation"),
            Field("buttons", "array of object", "name, text and resource of each cmd_button; left out without any"),
        ])
    package static let planFailed = Self(
        "plan.failed", "the Devloopfile, or a manifest that it names, is missing or wrong",
        [
            Field("message", "string", "what is wrong"), Field("file", "string", "place"),
            Field("line", "number", "place"), Field("column", "number", "place"),
            Field("hint", "string", "what to do"), Field("backtrace", "array of string", "frames, outermost first"),
        ])
    package static let fileChanged = Self(
        "file.changed", "a save was seen and is complete; the first event of a save",
        [
            Field("files", "array of string", "paths relative to the spec's folder"),
            Field("watch", "number, ms", "from the file's time to the first notice"),
            Field("settle", "number, ms", "from the first notice to the end of the change set"),
            Field("rescanned", "boolean", "true when it comes from looking at all files; else left out"),
        ])
    package static let watchWarned = Self(
        "watch.warned", "files cannot be watched as usual, such as beyond a limit of the kernel; no save is missed",
        [Field("message", "string", "why, with the number"), Field("hint", "string", "what to do")])
    package static let decisionMade = Self(
        "decision.made", "what a save means for a resource; without a save, how changes of an image will come in",
        [
            Field("action", "string", "`nothing`, `sync`, `build`, `image`, `apply`, `run` or `reload`"),
            Field("reason", "string", "why"),
        ])
    package static let resourceHeld = Self(
        "resource.held", "a resource waits", [Field("reason", "string", "on what")])
    package static let buildStarted = Self(
        "build.started", "a build began",
        [
            Field("package", "string", "directory of the package"),
            Field("products", "array of string", "what is stale"),
            Field("command", "string", "what is run"),
            Field("reason", "string", "why it is `swift build`, where it is, in the loop"),
        ])
    package static let buildProgressed = Self(
        "build.progressed", "a step of the build ended",
        [
            Field("done", "number", "steps done"), Field("of", "number", "steps known so far; grows"),
            Field("step", "string", "what the compiler does"),
        ])
    package static let buildDiagnosed = Self(
        "build.diagnosed", "the compiler said something about a place",
        [
            Field("severity", "string", "`error`, `warning` or `note`"), Field("file", "string", "path"),
            Field("line", "number", "from 1"), Field("column", "number", "from 1"),
            Field("message", "string", "the compiler's words"),
        ])
    package static let buildFinished = Self(
        "build.finished", "a build ended",
        [
            Field("result", "string", "`succeeded`, `failed` or `superseded`"),
            Field("duration", "number, ms", "wall time"), Field("errors", "number", "errors found"),
            Field("output", "string", "last lines of a failed command without diagnostics"),
        ])
    package static let imagePacked = Self(
        "image.packed", "an image was made",
        [
            Field("image", "string", "reference with its content tag"), Field("duration", "number, ms", "wall time"),
            Field("size", "number, bytes", "of all layers"),
            Field("digest", "string", "of the manifest, unless a command has made it"),
        ])
    package static let imageDelivered = Self(
        "image.delivered", "the node has the image",
        [
            Field("image", "string", "reference"), Field("way", "string", "how it was brought"),
            Field("duration", "number, ms", "wall time"), Field("sent", "number, bytes", "bytes handed over"),
        ])
    package static let imageFailed = Self(
        "image.failed", "an image could not be made or delivered",
        [Field("message", "string", "what is wrong"), Field("hint", "string", "what to do")])
    package static let objectApplied = Self(
        "object.applied", "the API server took an object",
        [
            Field("object", "string", "`kind/name`"),
            Field(
                "result", "string",
                "`created`, `configured`, `unchanged` or `recreated`; in local mode also `used` or `ignored`"),
            Field("reason", "string", "why it was made anew, was not run again, or is ignored"),
        ])
    package static let objectFailed = Self(
        "object.failed", "the API server refused an object",
        [
            Field("object", "string", "`kind/name`"), Field("message", "string", "the server's words"),
            Field("file", "string", "the manifest"), Field("line", "number", "where it starts"),
            Field("hint", "string", "what to do"),
        ])
    package static let objectPruned = Self(
        "object.pruned", "an object that left the spec, or was taken down, was deleted",
        [Field("object", "string", "`kind/name`")])
    package static let syncStarted = Self(
        "sync.started", "a change set goes to a container",
        [
            Field("pod", "string", "name"), Field("container", "string", "name"),
            Field("files", "number", "in the set"),
            Field("way", "string", "how the agent came into the container: `built-in`, `injected`, `found`; or `tar`"),
            Field("size", "number, bytes", "of the files that the container does not have"),
        ])
    package static let syncCommitted = Self(
        "sync.committed", "the container has the set, verified unless it says otherwise",
        [
            Field("pod", "string", "name"), Field("container", "string", "name"),
            Field("sent", "number, bytes", "sent"),
            Field("send", "number, ms", "until the commit was acknowledged"),
            Field("digest", "string", "SHA-256 of the running executable"),
            Field("verified", "boolean", "false when the container cannot prove what it has"),
        ])
    package static let syncFailed = Self(
        "sync.failed", "a change set did not arrive; the container runs what it ran",
        [
            Field("pod", "string", "name"), Field("message", "string", "what is wrong"),
            Field("hint", "string", "what to do"), Field("next", "string", "what is tried now"),
        ])
    package static let syncWarned = Self(
        "sync.warned", "something was left out of a change set; the rest of it is in place",
        [
            Field("pod", "string", "name; left out when it is about all containers"),
            Field("message", "string", "what, and why"), Field("hint", "string", "what to do"),
        ])
    package static let processRestarted = Self(
        "process.restarted", "the agent started the new executable",
        [
            Field("pod", "string", "name"), Field("container", "string", "name"),
            Field("restart", "number, ms", "from commit to running"),
            Field("ready", "number, ms", "from running to the first success of the readiness check"),
        ])
    package static let processExited = Self(
        "process.exited", "the app ended by itself",
        [
            Field("pod", "string", "name"), Field("container", "string", "name"), Field("code", "number", "exit code"),
            Field("message", "string", "in words"),
        ])
    package static let podChanged = Self(
        "pod.changed", "the state of a Pod changed",
        [
            Field("pod", "string", "name"), Field("phase", "string", "what a person should call it"),
            Field("ready", "boolean", "all containers are ready"), Field("restarts", "number", "of all containers"),
            Field("reason", "string", "code of what is wrong, see [problems.md](problems.md)"),
            Field("message", "string", "in words"), Field("hint", "string", "what to do"),
            Field("container", "string", "the one that it is about"),
            Field("exit_code", "number", "of its last end"),
            Field("since", "string", "RFC 3339, the server's clock: since when it is so"),
        ])
    package static let podWarned = Self(
        "pod.warned", "Kubernetes recorded a warning about an object of a resource",
        [
            Field("object", "string", "`kind/name`"), Field("reason", "string", "Kubernetes' word"),
            Field("message", "string", "Kubernetes' words"), Field("count", "number", "times seen"),
        ])
    package static let logWritten = Self(
        "log.written", "a container or a local command wrote a line",
        [Field("pod", "string", "name"), Field("container", "string", "name"), Field("text", "string", "the line")])
    package static let forwardOpened = Self(
        "forward.opened", "a local port leads to the resource",
        [
            Field("address", "string", "`host:port` on this machine"), Field("port", "number", "port in the Pod"),
            Field("wanted", "number", "local port of the spec, where another one had to be taken"),
        ])
    package static let forwardFailed = Self(
        "forward.failed", "a local port cannot be opened",
        [
            Field("address", "string", "`host:port`"), Field("message", "string", "what is wrong"),
            Field("hint", "string", "what to do"),
        ])
    package static let resourceChanged = Self(
        "resource.changed", "the state of a resource changed",
        [
            Field(
                "state", "string",
                "`idle`, `held`, `building`, `deploying`, `starting`, `ready`, `failed` or `crashing`"),
            Field("reason", "string", "why, in words"), Field("hint", "string", "what to do"),
        ])
    package static let saveServed = Self(
        "save.served", "the running system shows the save; closes it",
        [
            Field("way", "string", "`sync`, `image`, `apply` or `run`"),
            Field(
                "stages", "object of number, ms",
                "watch, settle, build, strip, pack, deliver, send, restart, ready, rollout"),
            Field("total", "number, ms", "from the file's time to served"),
        ])
    package static let sessionEnded = Self(
        "session.ended", "the command ends",
        [
            Field("exit", "number", "exit code"), Field("reason", "string", "why"),
            Field("failed", "array of string", "resources that are not well"),
        ])

    /// Every kind, in the order of a session.
    package static let all: [EventKind] = [
        sessionStarted, sessionReady, planLoaded, planFailed, clusterConnected, clusterFailed, fileChanged, watchWarned,
        decisionMade,
        resourceHeld,
        buildStarted, buildProgressed, buildDiagnosed, buildFinished, imagePacked, imageDelivered, imageFailed,
        objectApplied, objectFailed, objectPruned, syncStarted, syncCommitted, syncFailed, syncWarned,
        processRestarted,
        processExited, podChanged, podWarned, logWritten, forwardOpened, forwardFailed, resourceChanged, saveServed,
        sessionEnded,
    ]
}
