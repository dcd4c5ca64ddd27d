// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// What is wrong with one container, from its status and what was recorded about it.
///
/// Reason words are those of the kubelet (`pkg/kubelet/container/sync_result.go`, `images/types.go`, `events/event.go`).
struct ContainerFailure {
    let name: String
    let container: JSONValue
    let isInit: Bool
    let restartPolicy: String
    /// Of its Pod.
    let events: [PodEvent]
    /// The last line that it wrote; nil where nobody has looked.
    let words: String?

    init(_ container: JSONValue, isInit: Bool, restartPolicy: String, events: [PodEvent], words: String? = nil) {
        self.words = words
        name = container["name"]?.string ?? ""
        self.container = container
        self.isInit = isInit
        self.restartPolicy = restartPolicy
        self.events = events
    }

    private var restarts: Int { container["restartCount"]?.int ?? 0 }
    /// For messages.
    private var who: String { isInit ? "init container \(name)" : name }

    /// Nil when the container is well or on its way.
    var failure: PodStatus.Failure? {
        if let waiting = container.at("state", "waiting") { return failure(waiting: waiting) }
        if let running = container.at("state", "running") { return failure(running: running) }
        if let ended = container.at("state", "terminated"), let code = ended["exitCode"]?.int, code != 0 {
            // A second crash in a row is a crash loop, whether the kubelet says so yet or not.
            if restartPolicy == "Never" || restarts > 0 { return crash(ended, loops: restartPolicy != "Never") }
        }
        return nil
    }

    private func made(
        _ problem: Problem, _ message: String, detail: String? = nil, hint: String? = nil, exitCode: Int? = nil,
        mayHeal: Bool? = nil
    ) -> PodStatus.Failure {
        PodStatus.Failure(
            code: (isInit ? Problem.initPrefix : "") + problem.code, container: name, exitCode: exitCode,
            restarts: restarts, message: detail.map { "\(message): \($0)" } ?? message, hint: hint ?? problem.hint,
            mayHeal: mayHeal ?? problem.mayHeal)
    }

    private func failure(waiting: JSONValue) -> PodStatus.Failure? {
        let detail = waiting["message"]?.string
        let image = container["image"]?.string ?? ""
        switch waiting["reason"]?.string ?? "" {
        case "CrashLoopBackOff": return crash(container.at("lastState", "terminated") ?? .null, loops: true)
        case "ErrImagePull": return pull(Problem.errImagePull, image, detail)
        // Its own message only says that it waits; why stands in the event of the last attempt.
        case "ImagePullBackOff":
            let cause = events.newest("Failed", of: name, since: nil) { $0.hasPrefix("Failed to pull image") }
            return pull(Problem.imagePullBackOff, image, cause?.message ?? detail)
        case "ErrImageNeverPull":
            return made(
                .errImageNeverPull, "the image \(image) of \(who) is not on the node, and its pull policy is Never")
        case "InvalidImageName":
            return made(.invalidImageName, "the image name \(image) of \(who) is not valid", detail: detail)
        case "CreateContainerConfigError":
            let isLate = detail.map(Self.isLate) ?? false
            return made(
                .configError, "\(who) cannot be configured", detail: detail,
                hint: isLate ? "the kubelet has not seen it yet and asks again" : detail.flatMap(Self.missing),
                mayHeal: isLate ? true : nil)
        case "CreateContainerError": return start(.createError, detail)
        case "RunContainerError", "ContainerCannotRun": return start(.runError, detail)
        case "StartError": return start(.startError, detail)
        case "PostStartHookError": return hook(detail)
        default: return nil
        }
    }

    private func pull(_ problem: Problem, _ image: String, _ detail: String?) -> PodStatus.Failure {
        let words = detail.flatMap { PullFailure($0).words }
        let message = "the image \(image) of \(who) cannot be pulled"
        return made(
            problem, words.map { "\(message), \($0.message)" } ?? message, detail: detail, hint: words?.hint)
    }

    private func start(_ problem: Problem, _ detail: String?, exitCode: Int? = nil) -> PodStatus.Failure {
        if let detail, detail.contains("exec format error") { return foreign(detail, exitCode) }
        return made(problem, "\(who) cannot be started", detail: detail, exitCode: exitCode)
    }

    private func foreign(_ words: String, _ exitCode: Int?) -> PodStatus.Failure {
        made(.execFormatError, "\(who) was built for another architecture", detail: words, exitCode: exitCode)
    }

    private func hook(_ words: String?, exitCode: Int? = nil) -> PodStatus.Failure {
        made(.postStartHookError, "the hook after the start of \(who) failed", detail: words, exitCode: exitCode)
    }

    private func killed(_ killer: (problem: Problem, words: String), exitCode: Int? = nil, mayHeal: Bool? = nil)
        -> PodStatus.Failure
    {
        made(
            killer.problem, "\(who) was killed by the kubelet, \(restarts) restarts so far", detail: killer.words,
            exitCode: exitCode, mayHeal: mayHeal)
    }

    /// A probe that has killed it already, and fails again.
    private func failure(running: JSONValue) -> PodStatus.Failure? {
        guard restarts > 0, let killer = killer(since: running["startedAt"]?.string) else { return nil }
        return killed(killer, mayHeal: true)
    }

    /// The probe that fails so that the kubelet kills the container, and its words.
    private func killer(since: String?) -> (problem: Problem, words: String)? {
        for (prefix, problem) in [
            ("Liveness probe", Problem.livenessProbeFailed), ("Startup probe", .startupProbeFailed),
        ] {
            if let event = events.newest("Unhealthy", of: name, since: since, where: { $0.hasPrefix(prefix) }) {
                return (problem, event.message)
            }
        }
        return nil
    }

    private func crash(_ ended: JSONValue, loops: Bool) -> PodStatus.Failure {
        let code = ended["exitCode"]?.int
        let detail = ended["message"]?.string
        switch ended["reason"]?.string {
        case "OOMKilled":
            return made(.outOfMemory, "\(who) was killed for using more memory than its limit", exitCode: code)
        // The runtime ends with 128 what it could not start.
        case "StartError", "ContainerCannotRun": return start(.startError, detail, exitCode: code)
        default: break
        }
        if let words, Self.isForeign(words) { return foreign(words, code) }
        // 128 and the number of SIGTERM or SIGKILL. The kubelet records only the first of many failures, so one of an
        // earlier life counts too (`record.EventCorrelator` lets 25 events of an object pass, then one every 5 minutes).
        if code == 143 || code == 137 {
            if let event = events.newest("FailedPostStartHook", of: name, since: nil, where: { _ in true }) {
                return hook(event.message, exitCode: code)
            }
            if let killer = killer(since: nil) { return killed(killer, exitCode: code) }
        }
        let how = code.map { ended["signal"]?.int.map { "signal \($0)" } ?? "exit code \($0)" } ?? "a failure"
        return made(
            loops ? .crashLoop : .error, "\(who) ended with \(how)" + (loops ? ", \(restarts) restarts so far" : ""),
            exitCode: code)
    }

    /// `exec /app/web: exec format error`, and what runc wrote before version 1.1.
    private static func isForeign(_ line: String) -> Bool {
        line.hasSuffix("exec format error") && (line.hasPrefix("exec ") || line.hasPrefix("standard_init_linux.go:"))
    }

    /// Whether the kubelet's copies of ConfigMaps or Secrets are only not up to date: it says so ("failed to sync configmap
    /// cache: timed out waiting for the condition") of ones that exist when it has just begun to watch them.
    static func isLate(_ message: String) -> Bool {
        message.contains("failed to sync ") && message.contains(" cache: timed out")
    }

    /// The advice for what the kubelet says that it misses: `configmap "shop" not found`, `couldn't find key port in
    /// ConfigMap web/shop`.
    static func missing(_ message: String) -> String? {
        let words = message.split(separator: " ").map(String.init)
        if let index = words.firstIndex(of: "key"), words.count > index + 3, words[index + 2] == "in" {
            return "add the key \(words[index + 1]) to the \(words[(index + 3)...].joined(separator: " "))"
        }
        guard words.count >= 3, words.suffix(2) == ["not", "found"] else { return nil }
        let kind = ["configmap": "ConfigMap", "secret": "Secret"][words[max(0, words.count - 4)]]
        let name = words[words.count - 3].filter { $0 != "\"" }
        return kind.map { "make the \($0) \(name), or mend its name in the manifest" }
    }
}
