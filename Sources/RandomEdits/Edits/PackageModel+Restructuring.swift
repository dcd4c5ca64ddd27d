// SPDX-License-Identifier: Apache-2.0

extension PackageModel {
    /// The most files that a module is given.
    private static let manyFiles = 5

    /// A new file, with something new in it that is used at once.
    mutating func addFile(_ random: inout SplitMix64) {
        let roomy = modules.indices.filter { modules[$0].files.count < Self.manyFiles }
        guard !roomy.isEmpty else { return deleteFile(&random) }
        let module = random.pick(roomy)
        modules[module].files.append(File(name: "File\(newNumber())", items: []))
        let place = FilePlace(module: module, file: modules[module].files.count - 1)
        addItem(random.pick(ShapeKind.allCases), to: place, &random)
    }

    /// Deletes a file. What others are built on, and the last of a shape, goes to another file of the module.
    mutating func deleteFile(_ random: inout SplitMix64) {
        let places = filePlaces.filter { modules[$0.module].files.count > 1 }
        guard !places.isEmpty else { return addFile(&random) }
        let place = random.pick(places)
        for item in self[place].items where !isNeeded(item) {
            self[place].items.removeAll { $0.id == item.id }
            for user in itemPlaces { self[user].uses.removeAll { $0 == item.id } }
        }
        let kept = modules[place.module].files.remove(at: place.file).items
        let other = Int.random(in: 0..<modules[place.module].files.count, using: &random)
        modules[place.module].files[other].items += kept
    }

    /// Whether a type is built on this one, or no other item has its shape.
    private func isNeeded(_ item: Item) -> Bool {
        let others = itemPlaces.map { self[$0] }.filter { $0.id != item.id }
        return !others.contains { $0.shapeName == item.shapeName } || others.contains { $0.foundation == item.id }
    }

    /// Moves an item to another file of its module.
    mutating func moveItem(_ random: inout SplitMix64) {
        let places = itemPlaces.filter { modules[$0.module].files.count > 1 }
        guard !places.isEmpty else { return addFile(&random) }
        let place = random.pick(places)
        let item = self[place]
        modules[place.module].files[place.file].items.remove(at: place.item)
        let others = modules[place.module].files.indices.filter { $0 != place.file }
        modules[place.module].files[random.pick(others)].items.append(item)
    }

    /// Gives a conformer or a subclass an implementation of its own, or takes one away.
    mutating func changeOverrides(_ random: inout SplitMix64) {
        let fitting = places { $0.foundation != nil && $0.shapeName != "structure" }
        guard !fitting.isEmpty else { return edit(.body, &random) }
        let place = random.pick(fitting)
        switch self[place].shape {
        case .conformer(let id, let overrides):
            guard case .contract(let requirements) = item(id)?.shape else { return }
            let number = random.pick(requirements).number
            self[place].shape = .conformer(of: id, overrides: toggled(overrides, number))
        case .subclass(let id, let overrides):
            guard case .base(let methods, _) = item(id)?.shape else { return }
            let number = random.pick(methods).number
            self[place].shape = .subclass(of: id, overrides: toggled(overrides, number))
        default: break
        }
    }

    private func toggled(_ numbers: [Int], _ number: Int) -> [Int] {
        numbers.contains(number) ? numbers.filter { $0 != number } : numbers + [number]
    }

    /// A requirement of a protocol or a method of an open class comes, goes, or does something else; what stands behind
    /// a call, the witness or virtual table, changes its order.
    mutating func changeRequirements(ofProtocols: Bool, _ random: inout SplitMix64) {
        let fitting = places { $0.shapeName == (ofProtocols ? "contract" : "base") }
        guard !fitting.isEmpty else { return edit(.body, &random) }
        let place = random.pick(fitting)
        var fields: [Field] = []
        var list: [Requirement] = []
        switch self[place].shape {
        case .contract(let requirements): list = requirements
        case .base(let methods, let own): (list, fields) = (methods, own)
        default: return
        }
        if random.once(in: 3) {
            let index = Int.random(in: 0..<list.count, using: &random)
            list[index].value = random.other(than: list[index].value)
        } else if list.count > 4 {
            let gone = list.remove(at: Int.random(in: 0..<list.count, using: &random)).number
            for user in places(where: { $0.foundation == self[place].id }) { removeOverride(gone, at: user) }
        } else {
            let new = Requirement(number: newNumber(), value: random.number())
            list.insert(new, at: Int.random(in: 0...list.count, using: &random))
        }
        self[place].shape = ofProtocols ? .contract(list) : .base(list, fields)
    }

    private mutating func removeOverride(_ number: Int, at place: ItemPlace) {
        switch self[place].shape {
        case .conformer(let id, let overrides):
            self[place].shape = .conformer(of: id, overrides: overrides.filter { $0 != number })
        case .subclass(let id, let overrides):
            self[place].shape = .subclass(of: id, overrides: overrides.filter { $0 != number })
        default: break
        }
    }
}

extension Item {
    /// The item that the declaration of this one names.
    var foundation: Int? {
        switch shape {
        case .conformer(let id, _), .subclass(let id, _), .structure(_, _, let id?): id
        default: nil
        }
    }

    /// What kind of thing it is; equal for two items of one shape.
    var shapeName: String {
        switch shape {
        case .function: "function"
        case .overloads: "overloads"
        case .generic: "generic"
        case .structure: "structure"
        case .box: "box"
        case .enumeration: "enumeration"
        case .contract: "contract"
        case .conformer: "conformer"
        case .base: "base"
        case .subclass: "subclass"
        case .constants: "constants"
        case .alias: "alias"
        case .extended: "extended"
        case .opaque: "opaque"
        case .conditional: "conditional"
        case .located: "located"
        }
    }
}
