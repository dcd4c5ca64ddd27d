// SPDX-License-Identifier: Apache-2.0

/// One random edit: what is written, build by build.
package struct EditStep: Sendable {
    /// How an editor or a tool writes a file.
    package enum WriteStyle: String, Sendable {
        case inPlace
        /// A new file is renamed over the old one.
        case replacing
        /// The same, and its time is of a year ago, as after a checkout or an unpacked archive.
        case replacingWithOldTime
    }

    /// What happens while a build runs, once it has begun to work.
    package enum Interruption: Sendable {
        case none
        /// These sources are written; whether that build then succeeds is of no account.
        case saved([String: String])
        /// It is cancelled, as a build is that a newer save supersedes.
        case cancelled
    }

    /// What is written before one build.
    package struct Phase: Sendable {
        /// All files as they are then.
        package var sources: [String: String]
        /// Files that get the time of now though their text stays.
        package var touched: [String] = []
        package var style = WriteStyle.inPlace
        /// Whether the builder is told of the files that changed.
        package var isTold = true
        /// The file that must not compile.
        package var broken: String?
        /// Texts that are written first, and overwritten at once.
        package var passing: [String: String] = [:]
        package var interruption = Interruption.none
    }

    /// From 1.
    package var number: Int
    package var kind: EditKind
    package var phases: [Phase]
    /// The package after it.
    package var model: PackageModel
}

extension EditStep {
    /// The kind of a step: every deck has each kind once, shuffled.
    package static func kind(seed: UInt64, number: Int) -> EditKind {
        let kinds = EditKind.allCases
        var random = SplitMix64(seed: ~seed, step: (number - 1) / kinds.count)
        return kinds.shuffled(using: &random)[(number - 1) % kinds.count]
    }

    /// The edit with this number of a package. It depends on its arguments alone.
    package init(seed: UInt64, number: Int, of old: PackageModel) {
        self.init(Self.kind(seed: seed, number: number), number: number, seed: seed, of: old)
    }

    init(_ kind: EditKind, number: Int, seed: UInt64, of old: PackageModel) {
        var random = SplitMix64(seed: seed, step: number)
        var model = old
        var phases: [Phase] = []
        switch kind {
        case .several:
            for _ in 0..<Int.random(in: 2...4, using: &random) { model.edit(random.pick(EditKind.plain), &random) }
            phases = [Phase(sources: model.sources)]
        case .brokenThenMended:
            var broken = old
            if random.once(in: 2) { broken.edit(random.pick(EditKind.plain), &random) }
            let path = broken.path(of: random.pick(broken.filePlaces))
            var sources = broken.sources
            sources[path, default: ""] += random.pick([
                "\nlet broken: Int = \"no number\"\n", "\nfunc broken() -> Int { missingName }\n", "\nfunc broken( {\n",
            ])
            phases = [Phase(sources: sources, broken: path)]
            // Mended to what it was, or to something else.
            if random.once(in: 2) { model = broken }
            if random.once(in: 2) { model.edit(random.pick(EditKind.plain), &random) }
            phases.append(Phase(sources: model.sources))
        case .undoneAtOnce:
            var other = old
            other.edit(random.pick(EditKind.plain), &random)
            // Before a build could begin, or after it has.
            if random.once(in: 3) {
                phases = [Phase(sources: old.sources, passing: other.sources)]
            } else {
                phases = [Phase(sources: other.sources), Phase(sources: old.sources)]
            }
        case .twiceWithinASecond:
            for _ in 1...2 {
                model.edit(random.pick(EditKind.plain), &random)
                phases.append(Phase(sources: model.sources))
            }
        case .savedDuringBuild:
            model.edit(random.pick(EditKind.plain), &random)
            let first = model.sources
            model.edit(random.pick(EditKind.plain), &random)
            phases = [Phase(sources: first, interruption: .saved(model.sources)), Phase(sources: model.sources)]
        case .superseded:
            model.edit(random.pick(EditKind.plain), &random)
            phases = [Phase(sources: model.sources, interruption: .cancelled)]
            if random.once(in: 2) { model.edit(random.pick(EditKind.plain), &random) }
            phases.append(Phase(sources: model.sources))
        case .touch:
            let paths = (0..<2).map { _ in old.path(of: random.pick(old.filePlaces)) }
            phases = [Phase(sources: old.sources, touched: paths)]
        default:
            model.edit(kind, &random)
            phases = [Phase(sources: model.sources)]
        }
        for index in phases.indices {
            phases[index].isTold = !random.once(in: 4)
            phases[index].style = random.pick([
                .inPlace, .inPlace, .inPlace, .replacing, .replacing, .replacingWithOldTime,
            ])
        }
        self.init(number: number, kind: kind, phases: phases, model: model)
    }

    /// The package after so many edits; nothing is built for that.
    package static func model(seed: UInt64, after count: Int) -> PackageModel {
        var model = PackageModel(seed: seed)
        for number in stride(from: 1, through: count, by: 1) {
            model = EditStep(seed: seed, number: number, of: model).model
        }
        return model
    }
}
