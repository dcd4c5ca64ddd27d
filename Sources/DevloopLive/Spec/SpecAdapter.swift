// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Devloopfile
import KubeClient
import LoopEngine
import Plan

/// Evaluates the Devloopfile with what the kubeconfig says of the context.
struct SpecAdapter: SpecPort {
    var settings: LiveSettings
    var directory: String
    var mode: DevloopfileRequest.Mode

    func evaluate() async -> SpecOutcome {
        let evaluation = await evaluation()
        return SpecOutcome(
            plan: evaluation.plan, error: evaluation.error, watchedFiles: evaluation.watchedFiles,
            output: evaluation.output, file: evaluation.file, isOutdated: { evaluation.isOutdated })
    }

    func evaluation() async -> Evaluation {
        var evaluation = await Devloopfile.evaluate(
            DevloopfileRequest(
                file: settings.file, directory: directory, arguments: settings.arguments, context: await context(),
                mode: mode))
        if let file = evaluation.file { evaluation.plan?.settings.project = ProjectName.of(file) }
        return evaluation
    }

    /// Nil without a usable kubeconfig: the cluster adapter tells what is wrong with it, when it is needed.
    private func context() async -> KubernetesContext? {
        // Nothing of the spec is to reach a cluster that the session does not use.
        guard settings.place != .here, let config = try? KubeConfig.load(environment: LiveEnvironment.variables),
            let selection = try? config.select(settings.context)
        else { return nil }
        // Only the kubeconfig is read for a plan: it needs no cluster.
        let info = mode == .plan ? selection.info() : await ContextCheck.info(of: selection, in: config)
        return KubernetesContext(
            name: info.name, namespace: settings.namespace ?? info.namespace, isLocal: info.isLocal)
    }
}
