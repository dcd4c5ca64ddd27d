// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

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
        var options = SpecState.ResourceOptions()
    }

    let state: SpecState
    var drafts: [Draft] = []
    /// Objects that no resource has taken yet.
    var loose: [ManifestObject] = []
    var warnings: [PlanWarning]

    init(_ state: SpecState) {
        self.state = state
        warnings = state.warnings
    }

    /// - Throws: code `.spec`, at the call that cannot be carried out.
    mutating func plan() throws(DevloopError) -> Plan {
        try groupWorkloads()
        for options in state.options { try apply(options) }
        try checkSteps()
        let images = state.images.map { image in
            var image = image
            image.setEnvironment(state.environment)
            return image
        }
        var resources = drafts.map(resource)
        resources += state.locals.map(resource)
        if !loose.isEmpty {
            var kubernetes = KubernetesResource(objects: loose)
            kubernetes.podReadiness = .ignore
            resources.append(Resource(name: "uncategorized", kind: .k8s(kubernetes)))
        }
        try checkDependencies(&resources)
        warnUnusedImages(resources)
        return Plan(
            resources: resources, images: images, settings: state.settings, warnings: warnings,
            watchedFiles: state.watchedFiles)
    }

    private mutating func groupWorkloads() throws(DevloopError) {
        var workloads: [(object: SpecState.SpecObject, template: PodTemplate)] = []
        for object in state.objects {
            if let template = PodTemplate(of: object.object) {
                workloads.append((object, template))
            } else {
                loose.append(object.object)
            }
        }
        let names = ObjectIdentity.uniqueNames(workloads.map { ObjectIdentity($0.object.object) })
        for (name, workload) in zip(names, workloads) {
            try checkName(name, at: workload.object.call)
            let namespace = ObjectIdentity(workload.object.object).namespace
            let selecting = loose.filter {
                ObjectIdentity($0).namespace == namespace && workload.template.isSelected(by: $0)
            }
            loose.removeAll { selecting.contains($0) }
            drafts.append(
                Draft(name: name, objects: [workload.object.object] + selecting, location: workload.object.call))
        }
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

    private func resource(_ draft: Draft) -> Resource {
        var kubernetes = KubernetesResource(objects: draft.objects)
        kubernetes.images = images(of: draft.objects)
        kubernetes.portForwards = draft.options.portForwards
        kubernetes.extraPodSelectors = draft.options.extraPodSelectors
        let hasNoPods = draft.isManual && kubernetes.images.isEmpty && kubernetes.extraPodSelectors.isEmpty
        kubernetes.podReadiness = draft.options.podReadiness ?? (hasNoPods ? .ignore : .wait)
        var resource = Resource(name: draft.name, kind: .k8s(kubernetes))
        resource.dependencies = draft.options.dependencies
        resource.labels = draft.options.labels
        resource.triggerMode = draft.options.triggerMode ?? state.triggerMode
        resource.autoInit = draft.options.autoInit ?? true
        resource.links = draft.options.links
        resource.location = draft.location
        return resource
    }

    private func resource(_ local: SpecState.LocalOptions) -> Resource {
        var resource = local.resource
        resource.triggerMode = local.triggerMode ?? state.triggerMode
        if var content = resource.local {
            content.command?.addEnvironment(state.environment)
            content.serveCommand?.addEnvironment(state.environment)
            resource.kind = .local(content)
        }
        return resource
    }

    /// Refs of the plan's images in the order in which the objects use them.
    private func images(of objects: [ManifestObject]) -> [String] {
        var refs: [String] = []
        for reference in objects.flatMap({ PodTemplate(of: $0)?.images ?? [] }) {
            guard let name = ImageName(reference),
                let image = state.images.first(where: { ImageName($0.ref)?.repository == name.repository }),
                !refs.contains(image.ref)
            else { continue }
            refs.append(image.ref)
        }
        return refs
    }

    private func checkSteps() throws(DevloopError) {
        guard let step = state.steps.first(where: { !$0.isUsed }) else { return }
        throw DevloopError(
            .spec, "\(step.typeName) is in no live_update", at: step.location,
            hint: "pass the step to live_update of an image, or remove it")
    }

    private mutating func warnUnusedImages(_ resources: [Resource]) {
        let used = Set(resources.flatMap { $0.kubernetes?.images ?? [] })
        for image in state.images where !used.contains(image.ref) {
            if state.silentUnusedImages.contains("*") || state.silentUnusedImages.contains(image.ref) { continue }
            warnings.append(
                PlanWarning("image \"\(image.ref)\" is used by no object of the manifests", at: image.location))
        }
    }
}

extension Command {
    /// Adds variables below those that the command has itself.
    fileprivate mutating func addEnvironment(_ variables: [String: String]) {
        environment.merge(variables) { own, _ in own }
    }
}

extension Image {
    fileprivate mutating func setEnvironment(_ variables: [String: String]) {
        guard var build = custom else { return }
        build.command.addEnvironment(variables)
        builder = .custom(build)
    }
}
