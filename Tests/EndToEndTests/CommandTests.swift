// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner
import Testing

extension EndToEnd {
    /// Commands that need no cluster, and the command line itself.
    @Suite
    struct CommandTests {
        /// Nothing that could lead to a cluster.
        private static let alone = ["KUBECONFIG": "/nonexistent/kubeconfig"]

        @Test func planTellsWhatTheRepositoryMakes() async throws {
            let result = try await Devloop.run(["plan", "--json"], in: Workspace.repository, environment: Self.alone)
            #expect(result.code == 0, "\(result.errorText)")
            let plan = try JSONValue(parsing: result.stdout)
            #expect(plan["error"] == .null)
            #expect(plan["warnings"] == [])
            let resources = plan["resources"]?.array ?? []
            let link = try #require(resources.first { $0["name"] == "link-manager" })
            #expect(link["kind"] == "k8s")
            #expect(link["images"] == ["delinkcious/link"])
            #expect(link["port_forwards"] == ["8080:8080"])
            let objects = link["objects"]?.array ?? []
            #expect(objects.contains("deployment/link-manager") && objects.contains("service/link-manager"))
            #expect(resources.contains { $0["name"] == "social-graph-manager" })
            let image = try #require(plan["images"]?.array?.first { $0["ref"] == "delinkcious/link" })
            #expect(image["builder"] == "swift")
            #expect(plan["watched_files"]?.array?.contains("Devloopfile") == true)
        }

        @Test func planIsATableForPeople() async throws {
            let result = try await Devloop.run(["plan"], in: Workspace.repository, environment: Self.alone)
            #expect(result.code == 0)
            let lines = result.outputText.split(separator: "\n")
            #expect(lines.first?.hasPrefix("RESOURCE") == true)
            #expect(lines.contains { $0.hasPrefix("link-manager") })
        }

        @Test func planFindsTheSpecAbove() async throws {
            let result = try await Devloop.run(
                ["plan", "--json"], in: "\(Workspace.repository)/services/Sources", environment: Self.alone)
            #expect(result.code == 0, "\(result.errorText)")
        }

        @Test func planTellsAnErrorAsJSON() async throws {
            let project = try Project("x = 1\nk8s_yamll('a')\n")
            let result = try await Devloop.run(["plan", "--json"], in: project.path, environment: Self.alone)
            #expect(result.code == 3)
            let error = try JSONValue(parsing: result.stdout)["error"]
            #expect(error?["line"] == 2)
            #expect(error?["column"]?.int != nil)
            #expect(error?["message"]?.string?.contains("k8s_yamll") == true)
        }

        @Test func plansShowTimesWhenAsked() async throws {
            let project = try Project("local('true')\nlocal_resource('a', 'x')\n")
            let result = try await Devloop.run(
                ["plan", "--json", "--timings"], in: project.path, environment: Self.alone)
            #expect(result.code == 0, "\(result.errorText)")
            let rows = try JSONValue(parsing: result.stdout)["timings"]?.array ?? []
            #expect(rows.map { $0["builtin"] } == ["local", "local_resource"])
            #expect(rows.first?["place"] == "Devloopfile:1:6" && rows.first?["calls"] == 1)
            let table = try await Devloop.run(["plan", "--timings"], in: project.path, environment: Self.alone)
            #expect(table.errorText.contains("BUILTIN") && table.errorText.contains("Devloopfile:1:6"))
        }

        /// Files of the repository and what a save of each would do.
        @Test(arguments: [
            (
                "services/Sources/link_service/Banner.swift",
                ["link-manager: build, because product link_service is made from it"]
            ),
            ("k8s/link-manager/service.yaml", ["the Devloopfile is evaluated again"]),
            ("LICENSE", ["a save of it is not seen: nothing watches its folder"]),
        ])
        func explainSaysWhatASaveWouldDo(file: String, want: [String]) async throws {
            let result = try await Devloop.run(["explain", file], in: Workspace.repository, environment: Self.alone)
            #expect(result.code == 0, "\(result.errorText)")
            #expect(result.outputText.split(separator: "\n").map(String.init) == [file] + want.map { "  \($0)" })
        }

        @Test func explainNamesTheRule() async throws {
            let project = try Project(
                """
                custom_build('example/a', 'true', deps=['src'], ignore=['src/*.md'],
                             live_update=[fall_back_on('src/go.mod'), sync('src/www', '/www')])
                local_resource('tool', 'true', deps=['src/tool'], ignore=['*.tmp'])
                watch_settings(ignore=['src/logs'])
                k8s_yaml('app.yaml')

                """, manifest: Project.deployment(command: ["true"], image: "example/a"))
            try project.folder.write(".devloopignore", "out/\n")
            let cases: [(String, JSONValue, [JSONValue])] = [
                ("src/main.c", .null, [["app", "image", "main.c is part of example/a, and no sync rule names it"]]),
                ("src/www/a/b.css", .null, [["app", "sync", "b.css goes to /www/a/b.css"]]),
                ("src/go.mod", .null, [["app", "image", "go.mod is in fall_back_on"]]),
                ("src/notes.md", .null, []),
                (
                    "src/tool/x.c", .null,
                    [
                        ["app", "image", "x.c is part of example/a, and no sync rule names it"],
                        ["tool", "run", "x.c is one of its deps"],
                    ]
                ),
                ("src/logs/a", "watch_settings ignores it", []),
                (
                    "src/out/a", "it is ignored: build output, an editor's file, .gitignore or .devloopignore",
                    [["app", "image", "a is part of example/a, and no sync rule names it"]]
                ),
            ]
            let result = try await Devloop.run(
                ["explain", "--json"] + cases.map(\.0), in: project.path, environment: Self.alone)
            #expect(result.code == 0, "\(result.errorText)")
            let answers = try JSONValue(parsing: result.stdout).array ?? []
            for (answer, item) in zip(answers, cases) {
                #expect(answer["unseen"] == item.1, "\(item.0)")
                let decisions = (answer["decisions"]?.array ?? []).map { decision in
                    JSONValue.array(["resource", "action", "reason"].map { decision[$0] ?? .null })
                }
                #expect(decisions == item.2, "\(item.0)")
            }
            #expect(answers.count == cases.count)
        }

        /// A file of each kind that a build of Swift reads, told without a build.
        @Test func explainKnowsWhatSwiftBuildsRead() async throws {
            let project = try Project(
                """
                swift_image('example/app', '.', product='app', live=False)
                swift_image('example/tool', '.', product='tool', live=False)
                k8s_yaml('app.yaml')
                k8s_yaml(blob(str(read_file('app.yaml')).replace('app: app', 'app: tool').replace('name: app', 'name: tool').replace('example/app', 'example/tool')))

                """, manifest: Project.deployment(command: ["/app/app"], image: "example/app"))
            try project.folder.write(
                "Package.swift",
                """
                // swift-tools-version: 6.0
                import PackageDescription
                let package = Package(
                    name: "app", dependencies: [.package(path: "near")],
                    targets: [
                        .executableTarget(name: "maker"),
                        .plugin(name: "Words", capability: .buildTool(), dependencies: ["maker"]),
                        .target(name: "Clib"),
                        .target(name: "Texts", dependencies: ["Clib"], resources: [.copy("page.html")], plugins: ["Words"]),
                        .executableTarget(name: "app", dependencies: ["Texts"]),
                        .executableTarget(name: "tool", dependencies: [.product(name: "Near", package: "near")]),
                    ])

                """)
            try project.folder.write(
                "near/Package.swift",
                """
                // swift-tools-version: 6.0
                import PackageDescription
                let package = Package(
                    name: "near", products: [.library(name: "Near", targets: ["Near"])], targets: [.target(name: "Near")])

                """)
            for file in ["Sources/maker/main.swift", "Sources/app/main.swift", "Sources/tool/main.swift"] {
                try project.folder.write(file, "print(1)\n")
            }
            for file in [
                "Sources/Clib/clib.c", "Sources/Clib/include/clib.h", "Sources/Clib/inner.h",
                "Sources/Texts/Texts.swift",
                "Sources/Texts/a.words", "Sources/Texts/page.html", "Sources/tool/notes.txt",
                "near/Sources/Near/Near.swift",
                "Plugins/Words/Words.swift",
            ] { try project.folder.write(file, "\n") }
            let app = JSONValue.array(["app", "build", "product app is made from it"])
            let tool = JSONValue.array(["tool", "build", "product tool is made from it"])
            let cases: [(String, [JSONValue])] = [
                ("Sources/Clib/clib.c", [app]), ("Sources/Clib/include/clib.h", [app]), ("Sources/Clib/inner.h", [app]),
                ("Sources/Texts/a.words", [app]), ("Sources/Texts/page.html", [app]),

                ("Sources/maker/main.swift", [app]), ("Plugins/Words/Words.swift", [app]),
                ("near/Sources/Near/Near.swift", [tool]), ("near/Package.swift", [app, tool]),
                ("Package.swift", [app, tool]), ("Sources/tool/notes.txt", []),
            ]
            let result = try await Devloop.run(
                ["explain", "--json"] + cases.map(\.0), in: project.path, environment: Self.alone)
            #expect(result.code == 0, "\(result.errorText)")
            let answers = try JSONValue(parsing: result.stdout).array ?? []
            #expect(answers.count == cases.count)
            for (answer, item) in zip(answers, cases) {
                let decisions = (answer["decisions"]?.array ?? []).map { decision in
                    JSONValue.array(["resource", "action", "reason"].map { decision[$0] ?? .null })
                }
                #expect(Set(decisions.map(\.jsonText)) == Set(item.1.map(\.jsonText)), "\(item.0)")
                #expect(answer["unseen"] == .null, "\(item.0)")
            }
        }

        @Test func versionIsOneLine() async throws {
            let result = try await Devloop.run(["version"], in: "/", environment: Self.alone)
            #expect(result.code == 0)
            #expect(result.errorText.isEmpty)
            let lines = result.outputText.split(separator: "\n")
            #expect(lines.count == 1)
            #expect(lines[0].split(separator: ".").count == 3)
        }

        @Test func helpIsAnAnswerAndNamesOnlyWhatThereIs() async throws {
            let result = try await Devloop.run(["--help"], in: "/", environment: Self.alone)
            #expect(result.code == 0)
            for command in [
                "up", "run", "ci", "down", "plan", "explain", "version", "build", "render", "doctor", "pull",
            ] {
                let help = try await Devloop.run([command, "--help"], in: "/", environment: Self.alone)
                #expect(help.code == 0)
                #expect(result.outputText.contains("  \(command) "), "\(command)")
            }
            for absent in ["status", "trigger", "logs"] { #expect(!result.outputText.contains("  \(absent) ")) }
        }

        /// Words that make no sense; each is refused before anything is touched.
        static let wrong: [[String]] = [
            ["nonsense"], ["up", "--ui", "loud"], ["up", "--on-exit", "burn"], ["up", "--no-such-option"],
            ["run", "--ui", "tui"], ["run", "--timeout", "soon"], ["run", "--timeout", "-3s"], ["ci", "--ui", "tui"],
            ["plan", "--jsonn"], ["up", "-f"], ["explain"], ["pull"], ["pull", "pod"], ["pull", "pod:relative"],
        ]

        @Test(arguments: wrong) func wrongUsageIsTwo(_ words: [String]) async throws {
            let project = try Project("fail('must not be evaluated')\n")
            let result = try await Devloop.run(words, in: project.path, environment: Self.alone)
            #expect(result.code == 2)
            #expect(result.stdout.isEmpty)
            #expect(!result.errorText.isEmpty)
            #expect(!result.errorText.contains("must not be evaluated"))
        }

        @Test func theDashboardNeedsATerminal() async throws {
            let project = try Project()
            let result = try await Devloop.run(["up", "--ui", "tui"], in: project.path, environment: Self.alone)
            #expect(result.code == 2)
            #expect(result.errorText.contains("terminal"))
            #expect(result.errorText.contains("hint:"))
        }
    }
}
