// SPDX-License-Identifier: Apache-2.0

extension PackageModel {
    /// The text of every file, by its path below the package.
    package var sources: [String: String] {
        var sources = ["Package.swift": manifest]
        for module in modules.indices {
            for file in modules[module].files.indices {
                let place = FilePlace(module: module, file: file)
                sources[path(of: place)] = text(of: place)
            }
            guard !modules[module].isLibrary else { continue }
            for (name, text) in programFiles(module) { sources["Sources/\(modules[module].name)/\(name).swift"] = text }
        }
        return sources
    }

    func path(of place: FilePlace) -> String { "Sources/\(modules[place.module].name)/\(self[place].name).swift" }

    private var manifest: String {
        let targets = modules.map { module in
            let dependencies = module.dependencies.map { "\"\($0)\"" }.joined(separator: ", ")
            let settings = module.isSwitched ? ", swiftSettings: [.define(\"SWITCHED\")]" : ""
            let kind = module.isLibrary ? "target" : "executableTarget"
            return "        .\(kind)(name: \"\(module.name)\", dependencies: [\(dependencies)]\(settings)),\n"
        }
        return """
            // swift-tools-version: 6.0
            import PackageDescription

            let package = Package(
                name: "generated",
                targets: [
            \(targets.joined())    ],
                swiftLanguageModes: [.v5]
            )

            """
    }

    private func imports(_ module: Int) -> String {
        modules[module].dependencies.map { "import \($0)\n" }.joined()
    }

    private func text(of place: FilePlace) -> String {
        let remarks = self[place].remarks.map { "// Remark \($0)\n" }.joined()
        let items = self[place].items.map { "\n" + declaration(of: $0, in: place.module) }
        return remarks + imports(place.module) + items.joined()
    }

    /// A report of each module that the program sees, and what calls them.
    private func programFiles(_ module: Int) -> [(name: String, text: String)] {
        let program = modules[module]
        var files: [(String, String)] = []
        var calls: [String] = []
        for other in modules.indices where sees(module, other) {
            let name = "report\(modules[other].typeName)"
            let lines = modules[other].files.flatMap(\.items).map { item in
                "    print(\"\(item.name)\", \(call(item, from: module)))\n"
            }
            files.append(
                (name.capitalizedFirst, "\(imports(module))\nfunc \(name)() {\n\(lines.joined())}\n"))
            calls.append(name)
        }
        if program.kind == .program(hasMainType: true) {
            let body = calls.map { "        \($0)()\n" }.joined()
            files.append(
                ("Start", "@main\nenum \(program.typeName)Start {\n    static func main() {\n\(body)    }\n}\n"))
        } else {
            files.append(("main", calls.map { "\($0)()\n" }.joined()))
        }
        return files
    }
}
