// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// The catalogue of what can be wrong with a container, with a message and a hint each.
///
/// Reason words are those of the kubelet (`pkg/kubelet/container/sync_result.go`, `images/types.go`).
enum ContainerFailure {
    /// Nil when the container is well or on its way.
    static func failure(of container: JSONValue, restartPolicy: String) -> PodStatus.Failure? {
        let name = container["name"]?.string ?? ""
        if let waiting = container.at("state", "waiting") {
            return failure(waiting: waiting, name: name, container: container)
        }
        if let ended = container.at("state", "terminated"), let code = ended["exitCode"]?.int, code != 0 {
            // A second crash in a row is a crash loop, whether the kubelet says so yet or not.
            if restartPolicy == "Never" || container["restartCount"]?.int ?? 0 > 0 {
                return crash(name: name, ended: ended, container: container, loops: restartPolicy != "Never")
            }
        }
        return nil
    }

    private static func failure(waiting: JSONValue, name: String, container: JSONValue) -> PodStatus.Failure? {
        let reason = waiting["reason"]?.string ?? ""
        let detail = waiting["message"]?.string
        let image = container["image"]?.string ?? ""
        func made(_ message: String, hint: String?, mayHeal: Bool = false) -> PodStatus.Failure {
            PodStatus.Failure(
                code: reason, container: name, message: detail.map { "\(message): \($0)" } ?? message, hint: hint,
                mayHeal: mayHeal)
        }
        switch reason {
        case "CrashLoopBackOff":
            return crash(
                name: name, ended: container.at("lastState", "terminated") ?? .null, container: container, loops: true)
        case "ErrImagePull":
            return made(
                "the image \(image) of \(name) cannot be pulled",
                hint: "check the name and whether the node can reach it",
                mayHeal: true)
        case "ImagePullBackOff":
            return made(
                "the image \(image) of \(name) cannot be pulled",
                hint: "check the name and whether the node can reach it")
        case "ErrImageNeverPull":
            return made(
                "the image \(image) of \(name) is not on the node, and its pull policy is Never",
                hint: "build it here, or change imagePullPolicy")
        case "InvalidImageName":
            return made("the image name \(image) of \(name) is not valid", hint: "mend the name in the manifest")
        case "CreateContainerConfigError":
            return made(
                "\(name) cannot be configured", hint: "a ConfigMap or Secret that it names is missing or lacks the key")
        case "CreateContainerError", "RunContainerError", "StartError", "ContainerCannotRun":
            return made("\(name) cannot be started", hint: "check the command, the mounts and the user in the manifest")
        default: return nil
        }
    }

    private static func crash(
        name: String, ended: JSONValue, container: JSONValue, loops: Bool
    ) -> PodStatus.Failure {
        let code = ended["exitCode"]?.int
        let restarts = container["restartCount"]?.int ?? 0
        if ended["reason"]?.string == "OOMKilled" {
            return PodStatus.Failure(
                code: "OOMKilled", container: name, exitCode: code,
                message: "\(name) was killed for using more memory than its limit",
                hint: "raise resources.limits.memory, or use less")
        }
        let how = code.map { ended["signal"]?.int.map { "signal \($0)" } ?? "exit code \($0)" } ?? "a failure"
        return PodStatus.Failure(
            code: loops ? "CrashLoopBackOff" : "Error", container: name, exitCode: code,
            message: "\(name) ended with \(how)" + (loops ? ", \(restarts) restarts so far" : ""),
            hint: "its last lines say why")
    }
}
