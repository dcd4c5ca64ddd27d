// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing

@testable import SwiftBuilder

@Suite struct PackageGraphTests {
    private static let graph: PackageGraph? = try? PackageGraph(
        root: PackageInfo(describe: JSONValue(parsing: rootText), manifest: JSONValue(parsing: manifestText)),
        dependencies: [PackageInfo(describe: JSONValue(parsing: kitText))])

    @Test(
        arguments: [
            // Manifests of any of the packages
            ("/w/app/Package.swift", .manifest, ["api", "worker-tool"]),
            ("/w/app/Package.resolved", .manifest, ["api", "worker-tool"]),
            ("/w/app/Package@swift-6.0.swift", .manifest, ["api", "worker-tool"]),
            ("/w/kit/Package.swift", .manifest, ["api", "worker-tool"]),
            // Sources
            ("/w/app/Sources/api/main.swift", .source(target: "api", isKnown: true), ["api"]),
            (
                "/w/app/Sources/Shared/Deep/Deep.swift", .source(target: "Shared", isKnown: true),
                ["api", "worker-tool"]
            ),
            ("/w/app/Sources/Shared/Deep", .source(target: "Shared", isKnown: true), ["api", "worker-tool"]),
            ("/w/app/Sources/worker-tool/New.swift", .source(target: "worker-tool", isKnown: false), ["worker-tool"]),
            ("/w/app/Sources/Shared/include/x.h", .source(target: "Shared", isKnown: true), ["api", "worker-tool"]),
            // What a plugin may read, in the folder of a target that uses one
            ("/w/app/Sources/Made/words.txt", .pluginInput(target: "Made"), ["worker-tool"]),
            ("/w/app/Sources/Made/deep/schema", .pluginInput(target: "Made"), ["worker-tool"]),
            ("/w/app/Sources/Made/New.swift", .source(target: "Made", isKnown: false), ["worker-tool"]),
            // Headers of C, which no description lists
            ("/w/app/Sources/Clib/include/clib.h", .source(target: "Clib", isKnown: true), ["api"]),
            ("/w/app/Sources/Clib/private.inc", .source(target: "Clib", isKnown: true), ["api"]),
            ("/w/app/Sources/Clib/notes.txt", .none, []),
            // Tests change no program
            ("/w/app/Tests/SharedTests/T.swift", .source(target: "SharedTests", isKnown: true), []),
            // Resources: files and folders
            ("/w/app/Sources/api/Public/a/b.css", .resource(target: "api"), ["api"]),
            // A package beside this one, used through a product
            ("/w/kit/Sources/Kit/Kit.swift", .source(target: "Kit", isKnown: true), ["worker-tool"]),
            ("/w/kit/Sources/Base/Base.swift", .source(target: "Base", isKnown: true), ["worker-tool"]),
            // Nothing of ours
            ("/w/app/README.md", .none, []), ("/w/app/Sources/api/notes.txt", .none, []),
            ("/w/app/Sources/apiary/x.swift", .none, []), ("/elsewhere/Package.swift", .none, []),
            ("/w/app/Sources/api/Package.swift", .source(target: "api", isKnown: false), ["api"]),
        ] as [(String, PackageGraph.Role, [String])])
    func knowsFiles(_ path: String, _ role: PackageGraph.Role, _ executables: [String]) throws {
        let graph = try #require(Self.graph)
        #expect(graph.role(of: path) == role)
        #expect(graph.executables(affectedBy: path) == executables)
    }

    @Test(
        arguments: [
            ("/w/app/Package.swift", true, true), ("/w/app/Sources/api/main.swift", true, false),
            ("/w/app/Sources/api/main.swift", false, true), ("/w/app/Sources/api/New.swift", true, true),
            // An editor's file that is gone again
            ("/w/app/Sources/api/New.swift", false, false), ("/w/app/Sources/Shared/Deep", false, true),
            ("/w/app/Sources/Shared/include/x.h", true, false), ("/w/app/README.md", false, false),
            // SwiftPM asks its plugins in each build
            ("/w/app/Sources/Made/words.txt", true, false), ("/w/app/Sources/Made/words.txt", false, false),
        ])
    func knowsWhenItIsOutdated(_ path: String, _ exists: Bool, _ isOutdated: Bool) throws {
        let graph = try #require(Self.graph)
        #expect(graph.isOutdated(by: [path], exists: { _ in exists }) == isOutdated)
    }

    @Test func readsDescriptions() throws {
        let root = try #require(Self.graph).root
        #expect(root.executables == ["api", "worker-tool"])
        #expect(root.localDependencies == ["/w/kit"])
        #expect(root.targets.first { $0.name == "worker-tool" }?.module == "worker_tool")
        #expect(root.targets.filter(\.isTest).map(\.name) == ["SharedTests"])
    }

    @Test(arguments: [("worker-tool", ["Base", "Kit", "Shared"]), ("api", ["Shared"]), ("Shared", []), ("Kit", [])])
    func knowsWhatATargetSees(_ name: String, _ modules: [String]) throws {
        let graph = try #require(Self.graph)
        let target = try #require(graph.packages.flatMap(\.targets).first { $0.name == name })
        #expect(graph.modules(usedBy: target).sorted() == modules)
    }

    @Test(arguments: ["[]", "{}", #"{"name":"x"}"#])
    func refusesOtherJSON(_ text: String) {
        #expect(throws: DevloopError.self) { try PackageInfo(describe: JSONValue(parsing: text)) }
    }

    @Test func onlyWhatABuildNeedsIsPassedOn() {
        let filtered = BuildEnvironment.filtered([
            "PATH": "/bin", "HOME": "/h", "EDITOR": "vi", "SWIFT_DETERMINISTIC_HASHING": "0", "SECRET": "x",
        ])
        #expect(filtered == ["PATH": "/bin", "HOME": "/h", "SWIFT_DETERMINISTIC_HASHING": "1"])
    }

    private static let rootText = #"""
        {"name": "app", "path": "/w/app",
         "dependencies": [{"identity": "kit", "type": "fileSystem", "path": "/w/kit"},
            {"identity": "far", "type": "sourceControl", "requirement": {}, "url": "https://example.org/far"}],
         "products": [
            {"name": "worker-tool", "targets": ["worker-tool"], "type": {"executable": null}},
            {"name": "api", "targets": ["api"], "type": {"executable": null}},
            {"name": "Shared", "targets": ["Shared"], "type": {"library": ["automatic"]}}],
         "targets": [
            {"name": "worker-tool", "c99name": "worker_tool", "type": "executable", "path": "Sources/worker-tool",
             "sources": ["main.swift"], "product_memberships": ["worker-tool"], "product_dependencies": ["KitLib"],
             "target_dependencies": ["Shared"]},
            {"name": "api", "c99name": "api", "type": "executable", "path": "Sources/api", "sources": ["main.swift"],
             "resources": [{"path": "/w/app/Sources/api/Public", "rule": {"copy": {}}}],
             "product_memberships": ["api"], "target_dependencies": ["Shared"]},
            {"name": "Made", "c99name": "Made", "type": "library", "path": "Sources/Made", "sources": ["Made.swift"],
             "target_dependencies": ["Maker"], "product_memberships": ["worker-tool"]},
            {"name": "Clib", "c99name": "Clib", "type": "library", "path": "Sources/Clib", "sources": ["clib.c"],
             "product_memberships": ["api"]},
            {"name": "SharedTests", "c99name": "SharedTests", "type": "test", "path": "Tests/SharedTests",
             "sources": ["T.swift"]},
            {"name": "Shared", "c99name": "Shared", "type": "library", "path": "Sources/Shared",
             "sources": ["Shared.swift", "Deep/Deep.swift"], "product_memberships": ["Shared", "api", "worker-tool"]}]}
        """#

    private static let manifestText = #"""
        {"targets": [{"name": "Made", "pluginUsages": [{"plugin": ["Maker", null]}]}, {"name": "Shared"},
            {"name": "api", "pluginUsages": []}]}
        """#

    private static let kitText = #"""
        {"name": "kit", "path": "/w/kit", "dependencies": [],
         "products": [{"name": "KitLib", "targets": ["Kit"], "type": {"library": ["automatic"]}}],
         "targets": [
            {"name": "Kit", "c99name": "Kit", "type": "library", "path": "Sources/Kit", "sources": ["Kit.swift"],
             "product_memberships": ["KitLib"]},
            {"name": "Base", "c99name": "Base", "type": "library", "path": "Sources/Base", "sources": ["Base.swift"],
             "product_memberships": ["KitLib"]}]}
        """#
}
