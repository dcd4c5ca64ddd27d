// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension ResourceAssembler {
    /// Carries out one call of `k8s_resource`.
    mutating func apply(_ options: SpecState.ResourceOptions) throws(DevloopError) {
        let index: Int
        if options.workload.isEmpty {
            try checkName(options.newName, at: options.location)
            index = drafts.count
            drafts.append(Draft(name: options.newName, objects: [], location: options.location, isManual: true))
        } else if let known = drafts.firstIndex(where: { $0.name == options.workload }) {
            index = known
            if !options.newName.isEmpty, options.newName != options.workload {
                try checkName(options.newName, at: options.location)
                drafts[known].name = options.newName
            }
        } else {
            throw unknownWorkload(options)
        }
        merge(options, into: &drafts[index].options)
        for fragment in options.objects {
            let object = try take(fragment, for: options)
            drafts[index].objects.append(object)
        }
    }

    /// Lists add up; single values of a later call replace earlier ones.
    private func merge(_ options: SpecState.ResourceOptions, into target: inout SpecState.ResourceOptions) {
        target.portForwards += options.portForwards
        target.extraPodSelectors += options.extraPodSelectors
        target.triggerMode = options.triggerMode ?? target.triggerMode
        target.autoInit = options.autoInit ?? target.autoInit
        target.podReadiness = options.podReadiness ?? target.podReadiness
        target.links += options.links
        for path in [\SpecState.ResourceOptions.dependencies, \.after, \.rebuiltBy, \.labels] {
            for name in options[keyPath: path] where !target[keyPath: path].contains(name) {
                target[keyPath: path].append(name)
            }
        }
        target.rollsOnConfiguration = options.rollsOnConfiguration ?? target.rollsOnConfiguration
        target.localAddress = options.localAddress ?? target.localAddress
        target.discoveryStrategy = options.discoveryStrategy ?? target.discoveryStrategy
    }

    private func unknownWorkload(_ options: SpecState.ResourceOptions) -> DevloopError {
        let known = drafts.map(\.name)
        let suggestion = Suggestion.nearest(to: options.workload, among: known)
        let list = known.isEmpty ? "k8s_yaml has brought no workload" : "known: \(known.joined(separator: ", "))"
        return DevloopError(
            .spec, "k8s_resource: unknown workload \"\(options.workload)\"", at: options.location,
            hint: suggestion.map { "did you mean \"\($0)\"?" } ?? list)
    }

    /// Moves the object that a fragment names from the loose ones to the resource.
    private mutating func take(
        _ fragment: String, for options: SpecState.ResourceOptions
    ) throws(DevloopError) -> ManifestObject {
        let wanted = fragment.lowercased()
        let all = drafts.flatMap(\.objects) + loose
        let matches = all.filter { ObjectIdentity($0).fragments.contains(wanted) }
        guard let object = matches.first else {
            let names = all.map { ObjectIdentity($0).fullName }
            throw DevloopError(
                .spec, "k8s_resource: no object is named by \"\(fragment)\"", at: options.location,
                hint: names.isEmpty ? "k8s_yaml has brought no object" : "objects: \(names.joined(separator: ", "))")
        }
        guard matches.count == 1 else {
            let names = matches.map { ObjectIdentity($0).fullName }
            throw DevloopError(
                .spec, "k8s_resource: \"\(fragment)\" names several objects", at: options.location,
                hint: "say which: \(names.joined(separator: ", "))")
        }
        guard let place = loose.firstIndex(of: object) else {
            let owner = drafts.first { $0.objects.contains(object) }?.name ?? ""
            throw DevloopError(
                .spec, "k8s_resource: \"\(fragment)\" already belongs to \"\(owner)\"", at: options.location,
                hint: "an object belongs to one resource")
        }
        return loose.remove(at: place)
    }
}
