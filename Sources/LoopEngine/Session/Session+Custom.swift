// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// `k8s_custom_deploy`: commands in the place of objects.
extension Session {
    /// The commands of a resource with the images that they are given; nil for resources of objects.
    func customWork(_ resource: Resource) -> CustomWork? {
        guard let deploy = resource.kubernetes?.customDeploy else { return nil }
        let made = deploy.imageDeps.compactMap { ref in images[ref]?.reference.map { (ref: ref, reference: $0) } }
        return CustomWork(resource: resource, deploy: deploy, images: made)
    }

    /// What a command has applied carries no mark of ours: its Pods are those with the labels that were found.
    func customDeployed(_ name: String, number: Int, _ result: CustomResult) {
        guard resources[name]?.taskNumber == number else { return }
        let before = customResults.updateValue(result, forKey: name)
        resources[name]?.podSelectors = result.podSelectors
        // Those that were seen may be an earlier version's.
        if before?.podSelectors != result.podSelectors {
            resources[name]?.pods = []
            restartObservation()
        }
    }

    /// The resource as its Pods are looked for.
    func observed(_ resource: Resource) -> Resource {
        guard let result = customResults[resource.name], var kubernetes = resource.kubernetes else { return resource }
        var resource = resource
        kubernetes.objects = result.objects
        kubernetes.extraPodSelectors += result.podSelectors
        resource.kind = .k8s(kubernetes)
        return resource
    }

    /// Runs the command that takes down what the resource's own command has applied; nothing for resources of objects.
    func takeDown(_ resource: Resource) async {
        guard let connection, let work = customWork(resource) else { return }
        let journal = journal
        customResults[resource.name] = nil
        do {
            try await connection.takeDown(work) { Self.record($0, in: journal, resource: resource.name) }
        } catch {
            var fields = Self.fields((error as? DevloopError) ?? DevloopError(.process, "\(error)"))
            fields["code"] = nil
            fields["object"] = .string(resource.name)
            journal.record(.objectFailed, resource: resource.name, fields)
        }
    }
}
