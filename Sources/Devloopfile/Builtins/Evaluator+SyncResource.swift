// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

/// Live updates of Pods that devloop does not render.
extension Evaluator {
    func addSyncResource(_ call: BuiltinCall) throws {
        let name = try call.string("name")
        guard !name.isEmpty else { throw SpecFault("name is empty") }
        var target = SyncTarget(selector: try call.dictionary("selector"))
        target.namespace = try call.string("namespace", default: "")
        let workload = try call.string("workload", default: "")
        if !workload.isEmpty {
            guard let named = SyncTarget.Workload(workload) else {
                throw SpecFault(
                    "workload \"\(workload)\" is no workload that has Pods of its own",
                    hint: "such as deployment/web, statefulset/db, daemonset/log or replicaset/web-1")
            }
            target.workload = named
        }
        guard target.workload != nil || !target.selector.isEmpty else {
            throw SpecFault("sync_resource needs workload or selector", hint: "they say which Pods are meant")
        }
        let steps = try liveUpdate(call.value("live_update"))
        for step in steps {
            let isAboutImages =
                if case .sync(let rule) = step { rule.policy == .build } else if case .fallBackOn = step { true } else {
                    false
                }
            guard !isAboutImages else {
                throw SpecFault(
                    "live_update of sync_resource has no image that could be made instead",
                    hint: "leave out fall_back_on and policy='build'")
            }
        }
        let container = try call.string("container", default: "")
        let image = Image.foreign(
            ForeignContainers(via: try via(call, steps), container: container.isEmpty ? nil : container), of: name,
            steps)
        guard image.hasSyncRules else { throw SpecFault("live_update of sync_resource has no sync") }
        var options = SpecState.ResourceOptions()
        options.portForwards = try call.portForwards()
        options.dependencies = try call.strings("resource_deps")
        options.labels = try call.labels()
        options.links = try call.links()
        // Marks of other sessions on the Pods are no business of this one.
        options.discoveryStrategy = .selectorsOnly
        state.syncResources.append(
            SpecState.SyncResourceDraft(
                name: name, target: target, image: image, options: options, location: call.location))
    }

    /// What brings the files, checked against what it can do.
    func via(_ call: BuiltinCall, _ steps: [LiveUpdateStep]) throws -> ForeignContainers.Via {
        let word = try call.string("via", default: ForeignContainers.Via.agent.rawValue)
        guard let via = ForeignContainers.Via(rawValue: word) else {
            let words = ForeignContainers.Via.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
            throw SpecFault("via must be \(words), got \"\(word)\"")
        }
        guard via == .tar else { return via }
        for step in steps {
            let isRestart =
                if case .sync(let rule) = step { rule.policy == .restart } else { step == .restart }
            guard !isRestart else {
                throw SpecFault(
                    "via=\"tar\" cannot start a program again: a new container would lack the files",
                    hint: "let it reload by signal='HUP' of a sync step, or by a run step")
            }
        }
        return via
    }
}
