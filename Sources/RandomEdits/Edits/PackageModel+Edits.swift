// SPDX-License-Identifier: Apache-2.0

extension PackageModel {
    /// Changes one thing. Whatever there is, some item fits: the first package has all shapes, and none is ever the last
    /// one to be deleted.
    mutating func edit(_ kind: EditKind, _ random: inout SplitMix64) {
        switch kind {
        case .newFile: addFile(&random)
        case .renameFile:
            let place = random.pick(filePlaces)
            self[place].name = "File\(newNumber())"
        case .deleteFile: deleteFile(&random)
        case .moveItem: moveItem(&random)
        case .renameItem:
            let place = random.pick(itemPlaces)
            let old = self[place].word
            self[place].word = random.pick(Item.words.filter { $0 != old })
        case .manifest:
            let place = random.pick(places { $0.shape == .conditional })
            modules[place.module].isSwitched.toggle()
        case .comment:
            let place = random.pick(filePlaces)
            self[place].remarks.append(newNumber())
            if self[place].remarks.count > 2 { self[place].remarks.removeAll() }
        case .newUse:
            let fitting = itemPlaces.filter { place in
                self[place].hasBody && !usable(from: place.module, before: self[place].id).isEmpty
            }
            changeUses(at: random.pick(fitting), &random)
        case .override: changeOverrides(&random)
        case .requirement, .method: changeRequirements(ofProtocols: kind == .requirement, &random)
        case .sharedLibrary:
            let place = random.pick(itemPlaces.filter { $0.module == 0 })
            if !change(at: place, &random) { self[place].constant = random.other(than: self[place].constant) }
        case .body, .several, .brokenThenMended, .undoneAtOnce, .twiceWithinASecond, .savedDuringBuild, .superseded,
            .touch:
            let place = random.pick(places { $0.showsConstant })
            self[place].constant = random.other(than: self[place].constant)
        case .inlinableBody:
            let place = random.pick(places { $0.showsBody })
            self[place].constant = random.other(than: self[place].constant)
        default:
            let fitting = places { $0.fits(kind) }
            guard !fitting.isEmpty else { return edit(.body, &random) }
            let place = random.pick(fitting)
            if kind == .defaultArgument {
                changeDefault(at: place, &random)
            } else if kind == .attribute {
                changeAttribute(at: place, &random)
            } else if kind == .signature || kind == .defaultedParameter {
                changeParameters(at: place, isDefaulted: kind == .defaultedParameter, &random)
            } else {
                _ = change(at: place, &random)
            }
        }
    }

    /// Changes what callers of the item have compiled in; false when its shape has nothing of that kind.
    private mutating func change(at place: ItemPlace, _ random: inout SplitMix64) -> Bool {
        switch self[place].shape {
        case .function: changeParameters(at: place, isDefaulted: random.once(in: 2), &random)
        case .generic(let constraint, let isInlinable):
            let others = Constraint.allCases.filter { $0 != constraint }
            self[place].shape = .generic(random.pick(others), isInlinable: isInlinable)
        case .structure(let fields, let isFrozen, let nested):
            let other = isFrozen != random.once(in: 4)
            self[place].shape = .structure(changed(fields, &random), isFrozen: other, nested: nested)
        case .box(let fields): self[place].shape = .box(changed(fields, &random))
        case .base(let methods, let fields): self[place].shape = .base(methods, changed(fields, &random))
        case .enumeration(var cases, let isOpen):
            if cases.count > 5 {
                cases.remove(at: Int.random(in: 0..<cases.count, using: &random))
            } else {
                let new = EnumCase.new(newNumber(), &random)
                cases.insert(new, at: Int.random(in: 0...cases.count, using: &random))
            }
            self[place].shape = .enumeration(cases, isOpen: isOpen)
        case .overloads(let levels):
            let level = random.pick([OverloadLevel.integer, .concrete])
            self[place].shape = .overloads(levels.symmetricDifference([level]))
        case .alias(let type):
            self[place].shape = .alias(random.pick(IntegerType.allCases.filter { $0 != type }))
        case .opaque(let choice):
            self[place].shape = .opaque(random.pick(OpaqueChoice.allCases.filter { $0 != choice }))
        case .constants: self[place].shape = .constants(text: random.pick(Item.words) + String(newNumber()))
        default: return false
        }
        return true
    }

    /// With one more or one less.
    private mutating func changed(_ fields: [Field], _ random: inout SplitMix64) -> [Field] {
        var fields = fields
        if fields.count > 4 {
            fields.remove(at: Int.random(in: 0..<fields.count, using: &random))
        } else {
            fields.insert(.new(newNumber(), &random), at: Int.random(in: 0...fields.count, using: &random))
        }
        return fields
    }

    private mutating func changeParameters(at place: ItemPlace, isDefaulted: Bool, _ random: inout SplitMix64) {
        guard case .function(let attribute, var parameters) = self[place].shape else { return }
        if parameters.count > 4 {
            parameters.remove(at: Int.random(in: 0..<parameters.count, using: &random))
        } else {
            let number = newNumber()
            let new: Parameter = isDefaulted ? .defaulted(number, &random) : .required(number, &random)
            parameters.insert(new, at: Int.random(in: 0...parameters.count, using: &random))
        }
        self[place].shape = .function(attribute, parameters)
    }

    private mutating func changeDefault(at place: ItemPlace, _ random: inout SplitMix64) {
        guard case .function(let attribute, var parameters) = self[place].shape,
            let index = parameters.firstIndex(where: { $0.defaultValue != nil })
        else { return }
        parameters[index].defaultValue = random.other(than: parameters[index].defaultValue ?? 0)
        self[place].shape = .function(attribute, parameters)
    }

    private mutating func changeAttribute(at place: ItemPlace, _ random: inout SplitMix64) {
        guard case .function(let attribute, let parameters) = self[place].shape else { return }
        self[place].shape = .function(random.pick(Attribute.allCases.filter { $0 != attribute }), parameters)
    }

    private mutating func changeUses(at place: ItemPlace, _ random: inout SplitMix64) {
        let usable = usable(from: place.module, before: self[place].id).map(\.id)
        guard !usable.isEmpty else { return }
        let id = random.pick(usable)
        if let index = self[place].uses.firstIndex(of: id) {
            self[place].uses.remove(at: index)
        } else if self[place].uses.count > 3 {
            self[place].uses.removeFirst()
        } else {
            self[place].uses.append(id)
        }
    }
}

extension Item {
    /// Whether the item's own constant is in its source whatever else it has.
    var showsConstant: Bool {
        switch shape {
        case .conformer(_, let overrides): !overrides.isEmpty
        case .enumeration, .base, .alias: false
        default: true
        }
    }

    /// Whether its source names what it uses.
    var hasBody: Bool {
        switch shape {
        case .function, .generic, .structure, .box, .extended, .located: true
        default: false
        }
    }

    /// Whether other modules see its body.
    var showsBody: Bool {
        switch shape {
        case .function(let attribute, _): attribute.showsBody
        case .generic(_, let isInlinable): isInlinable
        case .structure(_, let isFrozen, _): isFrozen
        case .box: true
        default: false
        }
    }

    /// Whether an edit of a kind that changes one declaration can change it.
    func fits(_ kind: EditKind) -> Bool {
        switch (kind, shape) {
        case (.signature, .function), (.defaultedParameter, .function), (.attribute, .function),
            (.constraint, .generic), (.storedProperty, .structure), (.storedProperty, .box), (.storedProperty, .base),
            (.enumCase, .enumeration), (.overload, .overloads), (.alias, .alias), (.opaque, .opaque),
            (.text, .constants):
            true
        case (.defaultArgument, .function(_, let parameters)): parameters.contains { $0.defaultValue != nil }
        default: false
        }
    }
}

extension SplitMix64 {
    /// A constant that is another one.
    mutating func other(than old: Int) -> Int {
        let new = number()
        return new == old ? new + 100 : new
    }
}
