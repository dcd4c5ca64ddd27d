// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Pods and workloads that each have one thing wrong, and what is to be said of each.
struct Trouble: Sendable {
    /// Of the object, and so of the resource.
    var name: String
    /// The catalogue's code.
    var code: String
    /// A part of the message.
    var says: String
    /// The object without kind, metadata and what all have in common.
    var yaml: String

    /// A Pod.
    /// - Parameters:
    ///   - container: lines of the container, or nil for one that sleeps.
    ///   - pod: lines of the Pod's spec.
    private static func pod(
        _ name: String, _ code: String, _ says: String, container: String = sleep, pod: String = "",
        image: String = Cluster.busybox
    ) -> Trouble {
        Trouble(
            name: name, code: code, says: says,
            yaml: """
                apiVersion: v1
                kind: Pod
                metadata: {name: \(name)}
                spec:
                \(template(container, pod, image).indented(2))
                """)
    }

    private static let sleep = shell("exec sleep 3600")

    private static func shell(_ script: String) -> String {
        "command: [/bin/busybox, sh, -c, \(JSONValue.string(script).jsonText)]"
    }

    private static func template(_ container: String, _ pod: String, _ image: String) -> String {
        """
        terminationGracePeriodSeconds: 0
        automountServiceAccountToken: false
        \(pod)
        containers:
          - name: main
            image: "\(image)"
        \(container.indented(4))
        """
    }

    static let all: [Trouble] = [
        pod("crash", "CrashLoopBackOff", "main ended with exit code 3", container: shell("echo last words; exit 3")),
        pod("ended", "Error", "main ended with exit code 4", container: shell("exit 4"), pod: "restartPolicy: Never"),
        pod(
            "memory", "OOMKilled", "more memory than its limit",
            container: shell("tail /dev/zero") + "\nresources: {limits: {memory: 16Mi}}"),
        pod(
            "alive", "LivenessProbeFailed", "main was killed by the kubelet",
            container: sleep
                + "\nlivenessProbe: {tcpSocket: {port: 81}, periodSeconds: 1, failureThreshold: 1}"),
        pod(
            "startup", "StartupProbeFailed", "main was killed by the kubelet",
            container: sleep
                + "\nstartupProbe: {tcpSocket: {port: 81}, periodSeconds: 1, failureThreshold: 1}"),
        pod(
            "unready", "ReadinessProbeFailed", "connection refused",
            container: sleep + "\nreadinessProbe: {tcpSocket: {port: 81}, periodSeconds: 1}"),
        pod("pull", "ErrImagePull", "the registry has no such name or tag", image: "127.0.0.1:15000/absent:1"),
        pod("away", "ErrImagePull", "the node cannot reach the registry", image: "127.0.0.1:1/absent:1"),
        pod(
            "never", "ErrImageNeverPull", "its pull policy is Never", container: sleep + "\nimagePullPolicy: Never",
            image: "devloop.local/absent:1"),
        pod("named", "InvalidImageName", "is not valid", image: "Not/An:Image:Name"),
        pod(
            "config", "CreateContainerConfigError", "configmap \"absent\" not found",
            container: sleep + "\nenvFrom: [{configMapRef: {name: absent}}]"),
        pod(
            "secret", "CreateContainerConfigError", "secret \"absent\" not found",
            container: sleep + "\nenvFrom: [{secretRef: {name: absent}}]"),
        pod(
            "keyed", "CreateContainerConfigError", "couldn't find key absent in ConfigMap",
            container: sleep
                + "\nenv: [{name: A, valueFrom: {configMapKeyRef: {name: trouble-files, key: absent}}}]"),
        pod("program", "StartError", "/no/such/program", container: "command: [/no/such/program]"),
        pod(
            "format", "ExecFormatError", "another architecture",
            container: "command: [/files/program]\nvolumeMounts: [{name: files, mountPath: /files}]",
            pod: "volumes: [{name: files, configMap: {name: trouble-files, defaultMode: 0755}}]"),
        pod(
            "hook", "PostStartHookError", "the hook after the start of main failed",
            container: sleep + "\nlifecycle: {postStart: {exec: {command: [/bin/busybox, \"false\"]}}}"),
        pod(
            "init", "Init:CrashLoopBackOff", "init container first ended with exit code 5",
            pod: """
                initContainers:
                  - name: first
                    image: \(Cluster.busybox)
                    \(shell("exit 5"))
                """),
        pod(
            "large", "Unschedulable", "cpu: asks for 500",
            container: sleep + "\nresources: {requests: {cpu: \"500\"}}"),
        pod(
            "claim", "VolumeNotBound", "persistentvolumeclaim \"absent\" not found",
            container: sleep, pod: "volumes: [{name: data, persistentVolumeClaim: {claimName: absent}}]"),
        pod(
            "mount", "VolumeNotMounted", "configmap \"absent\" not found",
            container: sleep + "\nvolumeMounts: [{name: data, mountPath: /data}]",
            pod: "volumes: [{name: data, configMap: {name: absent}}]"),
        pod(
            "late", "DeadlineExceeded", "active on the node longer than",
            container: sleep, pod: "activeDeadlineSeconds: 2"),
    ]

    /// Told by their controllers, since they have no Pods, or Pods that are only slow.
    static let workloads: [Trouble] = [
        Trouble(
            name: "slow", code: "ProgressDeadlineExceeded", says: "deployment/slow: ",
            yaml: deployment(
                "slow", sleep + "\nreadinessProbe: {tcpSocket: {port: 81}, periodSeconds: 1}",
                "progressDeadlineSeconds: 2")),
        Trouble(
            name: "job", code: "DeadlineExceeded", says: "job/job: ",
            yaml: """
                apiVersion: batch/v1
                kind: Job
                metadata: {name: job}
                spec:
                  backoffLimit: 0
                  activeDeadlineSeconds: 2
                  template:
                    spec:
                      restartPolicy: Never
                \(template(sleep, "", Cluster.busybox).indented(6))
                """),
    ]

    /// In a namespace whose quota leaves no room, and whose limits are narrow.
    static let refused: [Trouble] = [
        Trouble(
            name: "quota", code: "QuotaExceeded", says: "exceeded quota: trouble-quota",
            yaml: deployment("quota", sleep + "\nresources: {requests: {cpu: 100m}, limits: {cpu: 100m}}")),
        Trouble(
            name: "admission", code: "AdmissionRefused", says: "maximum cpu usage per Container is 500m",
            yaml: deployment("admission", sleep + "\nresources: {requests: {cpu: 10m}, limits: {cpu: 900m}}")),
    ]

    private static func deployment(_ name: String, _ container: String, _ spec: String = "") -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: \(name)}
        spec:
          \(spec)
          selector: {matchLabels: {app: \(name)}}
          template:
            metadata: {labels: {app: \(name)}}
            spec:
        \(template(container, "", Cluster.busybox).indented(6))
        """
    }

    /// What some of them name.
    static let files = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: trouble-files}
        data: {program: "neither ELF nor script\\n"}
        """

    static let limits = """
        apiVersion: v1
        kind: ResourceQuota
        metadata: {name: trouble-quota}
        spec: {hard: {requests.cpu: 50m}}
        ---
        apiVersion: v1
        kind: LimitRange
        metadata: {name: trouble-limits}
        spec: {limits: [{type: Container, max: {cpu: 500m}}]}
        """
}

extension String {
    func indented(_ count: Int) -> String {
        let space = String(repeating: " ", count: count)
        return split(separator: "\n").map { space + $0 }.joined(separator: "\n")
    }
}
