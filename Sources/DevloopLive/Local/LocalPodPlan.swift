// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LocalPods
import LoopEngine
import Plan

/// A Pod as it is to run on this machine.
struct LocalPodPlan: Sendable {
    struct Container: Sendable {
        var name: String
        /// As the manifest names it.
        var image: String
        var isInit: Bool
        /// Program and arguments; empty when there is a ``problem``.
        var arguments: [String]
        var directory: String
        var environment: [String: String]
        var checks: ContainerChecks
        /// Folder that stands for its root.
        var root: String
        /// The product that it runs, when devloop has built it.
        var artifact: Artifact?
        var product: String
        /// Its program is replaced in place.
        var isLive: Bool
        /// Files of this machine that its image would have.
        var files: [FileMapping]
        /// Why it cannot be started: the word and message of a waiting container.
        var problem: (reason: String, message: String)?
    }

    var resource: String
    var workload: LocalWorkload
    var identity: ContainerVariables.Pod
    var generation: String
    var containers: [Container]
    var volumes: VolumePlan
    /// The folder of the whole Pod.
    var folder: String
    /// Where what cannot run here is instead; nil for what runs here.
    var address: LocalAddress?
    /// What a person would not expect, in words.
    var remarks: [String] = []
    /// What is told instead of the words of a cluster, by the code of the failure.
    var advice: [String: (message: String?, hint: String)] = [:]
}
