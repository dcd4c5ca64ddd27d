// SPDX-License-Identifier: Apache-2.0

/// All of them, in the order of a Pod's life: accepted, scheduled, fetched, configured, started, run, ended.
extension Problem {
    package static let catalogue: [Problem] = [
        quotaExceeded, admissionRefused, failedCreate, unschedulable, volumeNotBound, volumeNotMounted,
        invalidImageName, errImageNeverPull, errImagePull, imagePullBackOff, configError, createError, runError,
        startError, execFormatError, postStartHookError, startupProbeFailed, livenessProbeFailed,
        readinessProbeFailed, crashLoop, error, outOfMemory, evicted, deadlineExceeded, nodeNotReady, failed,
        progressDeadlineExceeded, backoffLimitExceeded, conditionFailed,
    ]

    // MARK: Before a node has it

    static let quotaExceeded = Problem(
        "QuotaExceeded", "The namespace's quota leaves no room for the Pod, so it was not made.",
        hint: "lower the requests and limits of the Pod, free others, or raise the ResourceQuota",
        source: "event `FailedCreate` or condition `ReplicaFailure` of the workload, with `exceeded quota`",
        mayHeal: true)
    static let admissionRefused = Problem(
        "AdmissionRefused", "An admission check of the cluster refused the Pod, so it was not made.",
        hint: "the message names the check; change the manifest so that it passes",
        source: "event `FailedCreate` or condition `ReplicaFailure` of the workload, with `forbidden` or `denied`",
        mayHeal: true)
    static let failedCreate = Problem(
        "FailedCreate", "The workload's controller could not make the Pod.",
        hint: "the message is the API server's own",
        source: "event `FailedCreate` or condition `ReplicaFailure` of the workload", mayHeal: true)
    static let unschedulable = Problem(
        "Unschedulable", "No node takes the Pod.",
        hint: "free resources of the node, or lower the Pod's requests",
        source: "condition `PodScheduled` of the Pod is `False` with reason `Unschedulable`", mayHeal: true)
    static let volumeNotBound = Problem(
        "VolumeNotBound", "A PersistentVolumeClaim that the Pod names is missing or has no volume yet.",
        hint: "look at the claim's events; on Minikube the addon storage-provisioner makes volumes",
        source: "the scheduler's message names a PersistentVolumeClaim", mayHeal: true)
    static let volumeNotMounted = Problem(
        "VolumeNotMounted", "A volume of the Pod cannot be attached or mounted.",
        hint: "the message names the volume; the ConfigMap, Secret or claim behind it must exist",
        source: "event `FailedMount`, `FailedAttachVolume` or `FailedMapVolume` while containers are being created",
        mayHeal: true)

    // MARK: Images

    static let invalidImageName = Problem(
        "InvalidImageName", "The name of an image is not one.", hint: "mend the name in the manifest",
        source: "waiting reason of the container")
    static let errImageNeverPull = Problem(
        "ErrImageNeverPull", "The image is not on the node, and the pull policy is `Never`.",
        hint: "build it here, or change imagePullPolicy", source: "waiting reason of the container")
    static let errImagePull = Problem(
        "ErrImagePull", "The node could not pull an image; it tries again.",
        hint: "check the name and whether the node can reach it",
        source: "waiting reason of the container; the runtime's message tells name, tag, rights and network apart",
        mayHeal: true)
    static let imagePullBackOff = Problem(
        "ImagePullBackOff", "The node could not pull an image, several times.",
        hint: "check the name and whether the node can reach it",
        source: "waiting reason of the container; the cause is taken from the event `Failed` of the Pod")

    // MARK: Starting

    static let configError = Problem(
        "CreateContainerConfigError", "What a container is configured with is not there.",
        hint: "a ConfigMap or Secret that it names is missing or lacks the key",
        source: "waiting reason of the container; one that the kubelet has only not read in time is waited for")
    static let createError = Problem(
        "CreateContainerError", "The runtime could not make a container.",
        hint: "check the command, the mounts and the user in the manifest", source: "waiting reason of the container")
    static let runError = Problem(
        "RunContainerError", "The runtime could not run a container.",
        hint: "check the command, the mounts and the user in the manifest",
        source: "waiting reason `RunContainerError` or `ContainerCannotRun` of the container")
    static let startError = Problem(
        "StartError", "The program of a container could not be started.",
        hint: "check the command, the mounts and the user in the manifest",
        source: "reason `StartError` of the container's last end")
    static let execFormatError = Problem(
        "ExecFormatError", "The program is not one that the node can run: it was built for another architecture.",
        hint: "build for the node's architecture; devloop doctor tells it",
        source: "`exec format error` in what the runtime says of the start")
    static let postStartHookError = Problem(
        "PostStartHookError", "The hook that runs after the start of a container failed, so it was killed.",
        hint: "see lifecycle.postStart in the manifest; the message has what it wrote",
        source: "event `FailedPostStartHook` since the container was started")

    // MARK: Running

    static let startupProbeFailed = Problem(
        "StartupProbeFailed", "A container was killed because its startup probe kept failing.",
        hint: "the program is too slow for the probe, or does not answer it; its last lines say more",
        source: "event `Unhealthy` of the startup probe since the container was started, and a restart")
    static let livenessProbeFailed = Problem(
        "LivenessProbeFailed", "A container was killed because its liveness probe kept failing.",
        hint: "the program does not answer the probe; its last lines say more",
        source: "event `Unhealthy` of the liveness probe since the container was started, and a restart")
    static let readinessProbeFailed = Problem(
        "ReadinessProbeFailed", "A container runs, but its readiness probe fails, so no Service sends requests to it.",
        hint: "the message is the probe's own",
        source: "event `Unhealthy` of the readiness probe since the container was started", mayHeal: true)
    static let crashLoop = Problem(
        "CrashLoopBackOff", "A container ends again and again after its start.", hint: "its last lines say why",
        source: "waiting reason of the container, or its second end in a row")
    static let error = Problem(
        "Error", "A container has ended with a failure, and is not started again.", hint: "its last lines say why",
        source: "exit code of the container, which is not 0")
    static let outOfMemory = Problem(
        "OOMKilled", "A container was killed for using more memory than its limit.",
        hint: "raise resources.limits.memory, or use less", source: "reason of the container's end")

    // MARK: Pods and workloads

    static let evicted = Problem(
        "Evicted", "The node has thrown the Pod out.",
        hint: "the node is short of what the message names; free some, or lower the Pod's requests",
        source: "reason of the Pod's end")
    static let deadlineExceeded = Problem(
        "DeadlineExceeded", "The Pod or Job has run longer than its activeDeadlineSeconds.",
        hint: "raise activeDeadlineSeconds, or find out what takes so long",
        source: "reason of the Pod's end, or of condition `Failed` of the Job")
    static let nodeNotReady = Problem(
        "NodeNotReady", "The node of the Pod does not answer, so nobody knows how the Pod is.",
        hint: "look at the node: kubectl describe node; on Minikube: minikube status",
        source: "the Pod counts as not ready though all its containers do", mayHeal: true)
    static let failed = Problem(
        "Failed", "The Pod has ended with a failure.", hint: "kubectl describe pod says more",
        source: "phase of the Pod")
    static let progressDeadlineExceeded = Problem(
        "ProgressDeadlineExceeded", "The Deployment did not come further within its progressDeadlineSeconds.",
        hint: "look at its Pods, or raise progressDeadlineSeconds",
        source: "condition `Progressing` of the Deployment")
    static let backoffLimitExceeded = Problem(
        "BackoffLimitExceeded", "The Pods of the Job have failed more often than its backoffLimit.",
        hint: "its last lines say why", source: "condition `Failed` of the Job")
    static let conditionFailed = Problem(
        "ConditionFailed", "The controller of a custom resource says that it has failed, or cannot go on.",
        hint: "the message is the controller's own; its log may say more",
        source: "condition `Stalled` or `Failed` of the object is `True`, or `Succeeded` is `False`")
}
