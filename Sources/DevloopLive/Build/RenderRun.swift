// SPDX-License-Identifier: Apache-2.0

import Deploy
package import DevloopCore
import Devloopfile
import ImageDelivery
import KubeClient
package import LoopEngine
import Plan
import YAMLTree

/// `devloop render`: the objects exactly as `devloop run` would apply them, in the order of their application.
///
/// Image references hold digests of what was built, so it builds and packs, and asks the cluster for the way that images
/// would take, since a registry is part of the reference; it changes nothing there. Without building it asks nobody, and
/// images keep their names without a tag.
package struct RenderRun: Sendable {
    package let journal = Journal.hidingSecrets(wall: LiveEnvironment.clock.wall)
    private let settings: LiveSettings
    private let names: [String]
    private let builds: Bool

    package init(_ settings: LiveSettings, names: [String], builds: Bool) {
        self.settings = settings
        self.names = names
        self.builds = builds
    }

    /// Runs to the end, and closes the journal.
    package func objects() async throws -> [JSONValue] {
        defer { journal.close() }
        let plan = try await SpecRun.evaluate(settings, mode: .run, journal: journal)
        let resources = try ImageBuild.resources(names, of: plan)
        let references: [String: String]
        if builds {
            let place = try await DeliveryPlace.find(settings, plan: plan.settings)
            let build = ImageBuild(
                plan: plan, journal: journal, architecture: place.architecture, naming: place.naming)
            references = try await build.run(resources)
        } else {
            references = plan.images.reduce(into: [:]) { $0[$1.ref] = $1.repository }
        }
        return resources.flatMap { Self.objects(of: $0, in: plan, references: references) }
    }

    private static func objects(of resource: Resource, in plan: Plan, references: [String: String]) -> [JSONValue] {
        guard let kubernetes = resource.kubernetes else { return [] }
        let used = Set(kubernetes.images)
        let renderer = Renderer(
            ApplyWork(
                resource: resource, objects: kubernetes.objects, images: plan.images.filter { used.contains($0.ref) },
                references: references.filter { used.contains($0.key) }, live: [:], timeout: .zero,
                configuration: plan.configuration(of: resource)))
        return ApplyOrder.groups(kubernetes.objects).joined().map { object in
            AppliedForm.make(renderer.render(object).json)
        }
    }

    /// Documents of one YAML stream.
    package static func yaml(_ objects: [JSONValue]) -> String { YAML.emit(objects) }
}

/// What the cluster means for images that are not delivered: their names and their architecture.
struct DeliveryPlace {
    var architecture: String
    var naming: KeptHere

    /// - Throws: as connecting does; a cluster whose way the spec names is not asked.
    static func find(_ settings: LiveSettings, plan: PlanSettings) async throws -> DeliveryPlace {
        if let registry = plan.defaultRegistry, plan.imageLoader == nil {
            return DeliveryPlace(
                architecture: HostTools.architecture,
                naming: named(registry.hostFromCluster ?? registry.host, registry.singleName))
        }
        if plan.imageLoader != nil {
            return DeliveryPlace(architecture: HostTools.architecture, naming: KeptHere())
        }
        let found: ClusterAdapter.Found
        do {
            found = try await ClusterAdapter(settings: settings).find(plan)
        } catch let error as DevloopError where error.code.exit == .cluster {
            throw DevloopError(
                error.code, error.message, at: error.location,
                hint: "\(error.hint.map { "\($0); " } ?? "")devloop render --no-build needs no cluster")
        }
        let facts = found.facts
        let place = DeliveryPlace(
            architecture: facts.nodes.first?.architecture ?? HostTools.architecture,
            naming: KeptHere())
        switch DeliveryChoice.decide(facts).way {
        case .hostedRegistry: return place.with(named(facts.hosting?.hostFromContainerRuntime ?? "", ""))
        case .registryAddon: return place.with(named(RegistryAddon.hostOnNodes, ""))
        default: return place
        }
    }

    private func with(_ naming: KeptHere) -> DeliveryPlace {
        var copy = self
        copy.naming = naming
        return copy
    }

    private static func named(_ host: String, _ singleName: String) -> KeptHere {
        KeptHere { RegistryPush.reference(of: $0, host: host, singleName: singleName) }
    }
}
