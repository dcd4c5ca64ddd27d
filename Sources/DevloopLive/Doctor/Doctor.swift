// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Devloopfile
import KubeClient
import Plan
import SwiftBuilder

/// Looks at what sessions need: the cluster with its nodes and the rights there, the way that images take, the programs of
/// this machine.
package enum Doctor {
    /// Never throws: what fails is part of the report, and the rest is looked at all the same.
    package static func examine(_ settings: LiveSettings) async -> DoctorReport {
        var report = DoctorReport()
        let directory = HostPaths.workingDirectory
        let evaluation = await SpecAdapter(settings: settings, directory: directory, mode: .plan).evaluation()
        let plan = evaluation.plan
        report.checks.append(specCheck(plan, error: evaluation.error, file: evaluation.file))
        await examineCluster(settings, plan, &report)
        report.checks += await HostChecks(plan: plan).all()
        return report
    }

    private static func specCheck(_ plan: Plan?, error: DevloopError?, file: String?) -> DoctorReport.Check {
        if let plan {
            return .init(
                "Devloopfile", .ok,
                "\(file ?? ""): \(plan.resources.count) resources, \(plan.images.count { $0.foreign == nil }) images")
        }
        let message = error?.description ?? "it gave no plan"
        // Without one, what it could need is looked at as far as it can be.
        return .init("Devloopfile", file == nil ? .warning : .broken, message, hint: error?.hint)
    }

    private static func examineCluster(_ settings: LiveSettings, _ plan: Plan?, _ report: inout DoctorReport) async {
        do {
            let config = try KubeConfig.load(environment: LiveEnvironment.variables)
            let selection = try config.select(settings.context)
            let info = await ContextCheck.info(of: selection, in: config)
            report.cluster.append(("context", "\(info.name): \(info.localReason)"))
            report.cluster.append(("server", info.server))
            let found = try await ClusterAdapter(settings: settings).find(plan?.settings ?? PlanSettings())
            report.cluster.append(("version", found.version))
            if let profile = found.facts.minikube {
                report.cluster.append(("minikube", "profile \(profile.name), driver \(profile.driver ?? "not known")"))
            }
            for node in found.facts.nodes {
                report.cluster.append(("node", "\(node.name): \(node.runtimeVersion), \(node.architecture)"))
            }
            let decision = DeliveryChoice.decide(found.facts)
            report.decision = decision
            report.checks.append(deliveryCheck(decision, plan))
            report.checks.append(await architectureCheck(found.facts.nodes, plan))
            let objects = (plan?.resources ?? []).flatMap { $0.kubernetes?.objects ?? [] }
            report.checks += await ClusterChecks.all(
                found.client, namespace: settings.namespace ?? found.context.namespace, objects)
        } catch {
            report.clusterError = (error as? DevloopError) ?? DevloopError(.clusterUnreachable, "\(error)")
        }
    }

    private static func deliveryCheck(_ decision: DeliveryDecision, _ plan: Plan?) -> DoctorReport.Check {
        if let chosen = decision.chosen { return .init("delivery", .ok, chosen.name) }
        return .init(
            "delivery", plan?.images.isEmpty == true ? .unused : .broken, "no way for images to the nodes was found",
            hint: "set image_loader([...]) or default_registry('...') in the Devloopfile")
    }

    /// Programs for nodes of another architecture need a Swift SDK.
    private static func architectureCheck(_ nodes: [NodeFacts], _ plan: Plan?) async -> DoctorReport.Check {
        let name = "architecture"
        if let mixture = ArchitectureCheck.mixture(of: nodes) {
            return .init(name, .warning, mixture, hint: "let node selectors keep Pods on nodes of one architecture")
        }
        let host = HostTools.architecture
        guard let wanted = nodes.first?.architecture, wanted != host else { return .init(name, .ok, host) }
        let environment = LiveEnvironment.variables
        do {
            let sdk = try await CrossTarget.sdk(wanted, try await Toolchain.find(environment: environment), environment)
            return .init(
                name, .ok, "nodes are \(wanted), this machine is \(host): built with the Swift SDK \(sdk ?? "")")
        } catch {
            let isNeeded = plan?.images.contains { $0.swift != nil } ?? true
            let known = error as? DevloopError
            return .init(name, isNeeded ? .broken : .unused, known?.message ?? "\(error)", hint: known?.hint)
        }
    }
}
