// SPDX-License-Identifier: Apache-2.0

/// A Swift package as a value: what a random edit changes, and what source text is made of (``sources``).
///
/// The libraries form a diamond, `Base` at its bottom; the programs print one line for each item that they see, so that
/// a stale object anywhere shows in what some program prints.
package struct PackageModel: Sendable, Hashable {
    package struct Module: Sendable, Hashable {
        package enum Kind: Sendable, Hashable {
            case library
            /// With a `main.swift`, or with a type that has `@main`.
            case program(hasMainType: Bool)
        }

        /// As the target is called; ``moduleName`` is what the compiler calls it.
        package var name: String
        var kind: Kind
        /// Modules that its sources import.
        var dependencies: [String]
        var files: [File] = []
        /// Whether the manifest defines the condition `SWITCHED` for it.
        var isSwitched = false

        var isLibrary: Bool { kind == .library }

        /// A letter case that a name of a Swift type has.
        var typeName: String { name.split(separator: "-").map(\.capitalizedFirst).joined() }
    }

    package struct File: Sendable, Hashable {
        /// Without the extension.
        var name: String
        var items: [Item]
        /// Lines of comment at the top.
        var remarks: [Int] = []
    }

    package var modules: [Module]
    /// The number of the next item or file.
    var nextNumber = 1

    /// In the order of the manifest.
    package var programs: [String] { modules.filter { !$0.isLibrary }.map(\.name) }

    mutating func newNumber() -> Int {
        defer { nextNumber += 1 }
        return nextNumber
    }
}

/// Where a file is in the model.
struct FilePlace: Hashable {
    var module: Int
    var file: Int
}

/// Where an item is in the model.
struct ItemPlace: Hashable {
    var module: Int
    var file: Int
    var item: Int
}

extension PackageModel {
    var filePlaces: [FilePlace] {
        modules.indices.flatMap { module in
            modules[module].files.indices.map { FilePlace(module: module, file: $0) }
        }
    }

    var itemPlaces: [ItemPlace] {
        filePlaces.flatMap { place in
            self[place].items.indices.map { ItemPlace(module: place.module, file: place.file, item: $0) }
        }
    }

    /// Places of the items for which a condition holds.
    func places(where condition: (Item) -> Bool) -> [ItemPlace] { itemPlaces.filter { condition(self[$0]) } }

    func place(of id: Int) -> ItemPlace? { itemPlaces.first { self[$0].id == id } }

    func item(_ id: Int) -> Item? { place(of: id).map { self[$0] } }

    subscript(_ place: FilePlace) -> File {
        get { modules[place.module].files[place.file] }
        set { modules[place.module].files[place.file] = newValue }
    }

    subscript(_ place: ItemPlace) -> Item {
        get { modules[place.module].files[place.file].items[place.item] }
        set { modules[place.module].files[place.file].items[place.item] = newValue }
    }

    /// Whether sources of the one module may name items of the other.
    func sees(_ module: Int, _ other: Int) -> Bool {
        module == other || modules[module].dependencies.contains(modules[other].name)
    }

    /// Items that a new item at this place may use: below it in modules, or made earlier in its own.
    func usable(from module: Int, before id: Int) -> [Item] {
        itemPlaces.filter { place in
            guard sees(module, place.module) else { return false }
            return place.module != module || self[place].id < id
        }.map { self[$0] }
    }
}

extension StringProtocol {
    /// `amber` as `Amber`.
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
