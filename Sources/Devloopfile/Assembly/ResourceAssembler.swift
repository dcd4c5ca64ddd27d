// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

/// Groups what the spec has collected into resources, by Tilt's rules: each workload takes the Services that select its
/// Pods and what `k8s_resource(objects=)` names; the rest is `uncategorized`.
struct ResourceAssembler {
    /// A Kubernetes resource in the making.
    struct Draft {
        var name: String
        var objects: [ManifestObject]
        var location: SourceLocation?
        /// Made of `objects=` alone, so that it may never have Pods.
        var isManual = false
        /// What `k8s_kind` says, unless the resource's own options do.
        var podReadiness: KubernetesResource.PodReadiness?
        var customDeploy: SpecState.CustomDeployDraft?
        var syncResource: SpecState.SyncResourceDraft?
        var options = SpecState.ResourceOptions()
    }

    /// Calls the spec's own function for the names of workloads.
    typealias Namer = (_ function: Value, _ workloads: [ManifestObject], _ at: SourceLocation?) throws -> [String]

    let state: SpecState
    let display: (String) -> String
    private let namer: Namer
    var drafts: [Draft] = []
    /// Objects that no resource has taken yet.
    var loose: [ManifestObject] = []
    var warnings: [PlanWarning]
    let images: ImageIndex

    init(_ state: SpecState, display: @escaping (String) -> String, namer: @escaping Namer) {
        self.state = state
        self.display = display
        self.namer = namer
        warnings = state.warnings
        images = ImageIndex(state.images)
    }

    /// - Throws: code `.spec`, at the call that cannot be carried out; whatever the namer throws.
    mutating func plan() throws -> Plan {
        for custom in state.customDeploys {
            try checkName(custom.name, at: custom.location)
            drafts.append(
                Draft(name: custom.name, objects: [], location: custom.location, customDeploy: custom))
        }
        for sync in state.syncResources {
            try checkName(sync.name, at: sync.location)
            drafts.append(
                Draft(
                    name: sync.name, objects: [], location: sync.location, syncResource: sync, options: sync.options))
        }
        try groupWorkloads()
        for options in state.options { try apply(options) }
        try checkSteps()
        let planned = try images.planned(with: state)
        var resources: [Resource] = []
        var foreign: [Image] = []
        for draft in drafts {
            var resource = try resource(draft)
            if let image = liveImage(of: draft) {
                resource.addForeign(image)
                foreign.append(image)
            }
            resources.append(resource)
        }
        resources += state.locals.map(resource)
        if !loose.isEmpty {
            var kubernetes = KubernetesResource(objects: loose)
            kubernetes.podReadiness = .ignore
            resources.append(Resource(name: "uncategorized", kind: .k8s(kubernetes)))
        }
        try checkEdges(&resources)
        try checkLiveUpdates(resources)
        warnUnusedImages(resources)
        try checkEnabled(resources)
        return Plan(
            resources: resources, images: planned + foreign, settings: state.settings, warnings: warnings,
            watchedFiles: state.watchedFiles)
    }

    private mutating func groupWorkloads() throws {
        var workloads: [(object: ManifestObject, call: SourceLocation?, rules: [SpecState.KindRule])] = []
        for entry in state.objects {
            let rules = state.kinds.filter { $0.selector.matches(entry.object) }
            var object = entry.object
            object.imageLocators = rules.flatMap(\.locators)
            let hasImages = !object.imageReferences(inEnvironment: images.matchesEnvironment).isEmpty
            if hasImages || rules.contains(where: \.isWorkload) {
                workloads.append((object, entry.call, rules))
            } else {
                loose.append(object)
            }
        }
        let objects = workloads.map(\.object)
        let names =
            try state.naming.map { try self.names(of: objects, by: $0) }
            ?? ObjectIdentity.uniqueNames(objects.map(ObjectIdentity.init))
        for (name, workload) in zip(names, workloads) {
            try checkName(name, at: workload.call)
            let selecting = PodTemplate(of: workload.object).map { services(of: workload.object, $0) } ?? []
            loose.removeAll { selecting.contains($0) }
            drafts.append(
                Draft(
                    name: name, objects: [workload.object] + selecting, location: workload.call,
                    podReadiness: workload.rules.compactMap(\.podReadiness).last))
        }
    }

    /// Loose Services that select the Pods; one that names no namespace may be meant for any, as in Tilt.
    private func services(of workload: ManifestObject, _ template: PodTemplate) -> [ManifestObject] {
        let namespace = ObjectIdentity(workload).namespace
        return loose.filter { object in
            let own = ObjectIdentity(object).namespace
            return template.isSelected(by: object) && (own == "default" || own == namespace)
        }
    }

    private func names(of objects: [ManifestObject], by naming: SpecState.Naming) throws -> [String] {
        let names = try namer(naming.function, objects, naming.location)
        var owners: [String: ManifestObject] = [:]
        for (name, object) in zip(names, objects) {
            if let first = owners.updateValue(object, forKey: name) {
                let both = [first, object].map { ObjectIdentity($0).fullName }.joined(separator: " and ")
                throw DevloopError(
                    .spec, "workload_to_resource_function: \(both) both get the name \"\(name)\"", at: naming.location)
            }
        }
        return names
    }

    /// - Throws: when another resource has this name.
    func checkName(_ name: String, at location: SourceLocation?) throws(DevloopError) {
        if drafts.contains(where: { $0.name == name }) {
            throw DevloopError(.spec, "k8s_resource named \"\(name)\" already exists", at: location)
        }
        if state.locals.contains(where: { $0.resource.name == name }) {
            throw DevloopError(.spec, "local_resource named \"\(name)\" already exists", at: location)
        }
    }

    private func resource(_ draft: Draft) throws(DevloopError) -> Resource {
        var kubernetes = KubernetesResource(objects: draft.objects)
        var refs = draft.objects.flatMap { object in
            object.imageReferences(inEnvironment: images.matchesEnvironment).compactMap { images.image(for: $0)?.ref }
        }
        if let custom = draft.customDeploy {
            for name in custom.imageDeps {
                guard let image = images.image(for: name) else {
                    throw DevloopError(
                        .spec, "k8s_custom_deploy: image_deps names \"\(name)\", which nothing builds",
                        at: custom.location)
                }
                refs.append(image.ref)
            }
            kubernetes.customDeploy = custom.deploy
            kubernetes.customDeploy?.imageDeps = refs
            kubernetes.customDeploy?.apply.addEnvironment(of: state)
            kubernetes.customDeploy?.delete.addEnvironment(of: state)
        }
        kubernetes.syncTarget = draft.syncResource?.target
        kubernetes.images = try images.withDependencies(refs)
        kubernetes.portForwards = draft.options.portForwards
        kubernetes.extraPodSelectors = draft.options.extraPodSelectors
        kubernetes.discoveryStrategy = draft.options.discoveryStrategy ?? .owners
        kubernetes.localAddress = draft.options.localAddress
        kubernetes.rollsOnConfiguration = draft.options.rollsOnConfiguration ?? true
        // Custom resources say themselves when they are ready.
        let hasNoPods =
            draft.isManual && kubernetes.images.isEmpty && kubernetes.extraPodSelectors.isEmpty
            && !draft.objects.contains(where: \.isCustom)
        kubernetes.podReadiness =
            draft.options.podReadiness ?? draft.podReadiness ?? (hasNoPods ? .ignore : Self.readiness(of: draft))
        var resource = Resource(name: draft.name, kind: .k8s(kubernetes))
        resource.dependencies = draft.options.dependencies
        resource.after = draft.options.after
        resource.rebuiltBy = draft.options.rebuiltBy
        resource.labels = draft.options.labels
        resource.triggerMode = draft.options.triggerMode ?? state.triggerMode
        resource.autoInit = draft.options.autoInit ?? true
        resource.links = draft.options.links
        resource.location = draft.location
        return resource
    }

    /// The live update of Pods that devloop does not render; nil where there is none.
    private func liveImage(of draft: Draft) -> Image? {
        // The resource may have been given another name since.
        var image =
            draft.syncResource.map { sync in
                sync.image.foreign.map { Image.foreign($0, of: draft.name, sync.image.liveUpdate) } ?? sync.image
            } ?? draft.customDeploy?.deploy.liveImage(of: draft.name)
        image?.location = draft.location
        return image
    }

    /// Jobs are done when their Pods have ended.
    private static func readiness(of draft: Draft) -> KubernetesResource.PodReadiness {
        let workloads = draft.objects.filter { PodTemplate(of: $0) != nil }
        return !workloads.isEmpty && workloads.allSatisfy { $0.kind == "Job" } ? .succeeded : .wait
    }

    private func resource(_ local: SpecState.LocalOptions) -> Resource {
        var resource = local.resource
        resource.triggerMode = local.triggerMode ?? state.triggerMode
        if var content = resource.local {
            content.command?.addEnvironment(of: state)
            content.serveCommand?.addEnvironment(of: state)
            resource.kind = .local(content)
        }
        return resource
    }
}

extension Resource {
    fileprivate mutating func addForeign(_ image: Image) {
        guard var kubernetes else { return }
        kubernetes.images.append(image.ref)
        kubernetes.foreignImage = image.ref
        kind = .k8s(kubernetes)
    }
}

extension Command {
    /// Adds what the spec has set and unset below what the command has itself.
    mutating func addEnvironment(of state: SpecState) {
        environment.merge(state.environment) { own, _ in own }
        unset.formUnion(state.unset.subtracting(environment.keys))
    }
}
