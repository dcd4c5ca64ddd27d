// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Devloopfile
import Plan
import Testing

/// `docs/spec.md`: every builtin is in it with the parameters that it has, and every example can be evaluated.
@Suite(.timeLimit(.minutes(2)))
struct SpecDocumentTests {
    static let text: String = {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return (try? TestFiles.read("/\(root)/docs/spec.md")) ?? ""
    }()

    static let examples: [String] = {
        var examples: [String] = []
        var open: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "```python" {
                open = []
            } else if line == "```", let lines = open {
                examples.append(lines.joined(separator: "\n"))
                open = nil
            } else {
                open?.append(line)
            }
        }
        return examples
    }()

    /// The headings of builtins: name, and parameters with `?` after those that have a default.
    static let headings: [(name: String, parameters: [String])] = text.split(separator: "\n").compactMap { line in
        guard line.hasPrefix("### `"), line.hasSuffix(")`"), let open = line.firstIndex(of: "(") else { return nil }
        let name = line[..<open].dropFirst(5)
        var parameters: [String] = []
        var depth = 0
        var current = ""
        for character in line[line.index(after: open)...].dropLast(2) + "," {
            if character == ",", depth == 0 {
                let word = current.drop { $0 == " " }
                if !word.isEmpty { parameters.append(word.prefix { $0 != "=" } + (word.contains("=") ? "?" : "")) }
                current = ""
                continue
            }
            if "([{".contains(character) { depth += 1 }
            if ")]}".contains(character) { depth -= 1 }
            current.append(character)
        }
        return (String(name), parameters)
    }

    @Test func everyBuiltinIsThereWithItsParameters() {
        let signatures = BuiltinReference.parameters()
        let documented = Dictionary(
            Self.headings.map { ($0.name.split(separator: ".").last.map(String.init) ?? "", $0.parameters) }
        ) { first, _ in first }
        for (name, parameters) in signatures {
            #expect(documented[name] == parameters, "docs/spec.md, \(name)")
        }
        #expect(documented.count == signatures.count)
        #expect(Self.examples.count > documented.count)
    }

    @Test(arguments: examples)
    func exampleIsEvaluated(source: String) async throws {
        let fixture = try SpecFixture(
            source,
            files: [
                "Dockerfile": "FROM scratch\n", "src/page.html": "<p>", "service/Package.swift": Self.package,
                "service/Sources/web/main.swift": "print(1)\n",
                "k8s/web.yaml": SpecFixture.deployment("web", image: "demo/web")
                    + "---\n{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}}}\n",
                "k8s/worker.yaml": SpecFixture.deployment("worker", image: "demo/worker"),
                "k8s/config.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}\n",
            ])
        let evaluation = await fixture.evaluate()
        #expect(evaluation.error == nil, "\(evaluation.error?.report ?? "")\n\(source)")
        #expect(try SpecGoldenTests.schema.get().problems(of: Devloopfile.json(evaluation)) == [])
        // An example that declares something is about something that comes of it.
        if source.contains("k8s_yaml(") || source.contains("local_resource(") {
            #expect(evaluation.plan?.resources.isEmpty == source.contains("if os.path.exists("), "\(source)")
        }
        #expect(evaluation.plan?.warnings.filter { $0.message != "the database is shared" } == [], "\(source)")
    }

    private static let package = """
        // swift-tools-version: 6.0
        import PackageDescription
        let package = Package(name: "service", targets: [.executableTarget(name: "web")])

        """
}
