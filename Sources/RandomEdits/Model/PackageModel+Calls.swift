// SPDX-License-Identifier: Apache-2.0

extension PackageModel {
    /// An `Int` expression in a file of this module, one line, that shows everything an item is made of: what it gives,
    /// and what its users have compiled in.
    func call(_ item: Item, from module: Int) -> String {
        let (name, type) = (item.name, item.typeName)
        switch item.shape {
        case .function(_, let parameters):
            let arguments = parameters.compactMap { parameter in
                parameter.argument.map { "\(parameter.name): \($0)" }
            }
            return "\(name)(\(arguments.joined(separator: ", ")))"
        case .overloads: return "(\(name)(5) &+ \(name)(\"five\"))"
        case .generic: return "\(name)(37)"
        case .structure(let fields, _, let nested):
            var statements = ["var it = \(type)()"]
            if let last = fields.last { statements.append("it.\(last.name) = \(last.literal(7))") }
            let readings = (fields.first.map { [$0.reading("it.")] } ?? []) + (nested == nil ? [] : ["it.inner.total"])
            return closure(statements, readings + ["it.total", "MemoryLayout<\(type)>.size"])
        case .box(let fields):
            let readings = fields.map { $0.reading("it.") }
            return closure(
                ["let it = \(type)<Int8>(value: 5)"],
                readings + ["Int(it.value)", "it.total", "MemoryLayout<\(type)<Int16>>.size"])
        case .enumeration(let cases, let isOpen):
            let shown = isOpen ? cases.prefix(2) : cases[...]
            let branches =
                shown.map { "case .\($0.name): sum &+= \($0.number)" } + (isOpen ? ["default: sum &+= 50"] : [])
            let own = cases.last.map { ["let own: \(type) = \($0.sample)"] } ?? []
            return closure(
                ["var sum = 0"] + own
                    + ["for it in \(type).samples { switch it { \(branches.joined(separator: "; ")) } }"],
                ["sum", "own.weight", "MemoryLayout<\(type)>.size"])
        case .contract(let requirements):
            let each = requirements.map { "it.\($0.name)()" }
            return closure(["let it = \(type)Sample()"], each + ["\(name)All(it)", "\(name)Each(it)"])
        case .conformer(let id, _):
            guard let place = place(of: id), case .contract(let requirements) = self[place].shape else { return "0" }
            let each = requirements.map { "it.\($0.name)()" }
            let others =
                sees(module, place.module) ? ["\(self[place].name)All(it)", "\(self[place].name)Each(it)"] : []
            return closure(["let it = \(type)()"], each + others)
        case .base(let methods, let fields):
            let set = fields.last.map { ["it.\($0.name) = \($0.literal(9))"] } ?? []
            return closure(
                ["let it = \(type)()"] + set, fields.map { $0.reading("it.") } + methods.map { "it.\($0.name)()" })
        case .subclass(let id, _):
            guard let place = place(of: id), case .base(let methods, let fields) = self[place].shape else { return "0" }
            let readings = fields.map { $0.reading("it.") } + methods.map { "it.\($0.name)()" }
            guard sees(module, place.module) else { return closure(["let it = \(type)()"], readings + ["it.own"]) }
            return closure(
                ["let own = \(type)()", "let it: \(self[place].typeName) = own", "own.own &+= 1"],
                readings + ["own.own"])
        case .constants: return "(\(name) &+ \(type).number &+ \(type).text.utf8.reduce(0) { $0 &* 31 &+ Int($1) })"
        case .alias: return closure(["let it: \(type) = 100"], ["Int(\(name)(it))", "MemoryLayout<\(type)>.size"])
        case .extended(let target): return target == .int ? "(5).\(name)" : "\"text\".\(name)"
        case .opaque: return "\(name)().reduce(0, &+)"
        case .conditional, .located: return "\(name)()"
        }
    }

    /// A closure that is called at once; its sums are statements, since long expressions take long to check.
    private func closure(_ statements: [String], _ readings: [String]) -> String {
        let sums = readings.map { "result &+= \($0)" }
        let all = ["var result = 0"] + statements + sums + ["return result"]
        return "{ () -> Int in \(all.joined(separator: "; ")) }()"
    }
}
