// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner
import Testing

extension EndToEnd {
    /// The files that `ci --report` leaves.
    @Suite(.serialized)
    struct ReportTests {
        private static let schema = "\(Workspace.repository)/Tests/EndToEndTests/Schema/junit.xsd"

        private static func validate(_ path: String) async throws {
            let result = try await ProcessRunner.run(
                ProcessCommand(["xmllint", "--noout", "--schema", schema, path]))
            #expect(result.status.isSuccess, "\(result.errorText)")
        }

        /// One that becomes ready, one whose last words have control characters and a secret.
        @Test func bothReportsTellTheSame() async throws {
            try await Cluster.run("report") { cluster in
                let crash = Trouble.all.first { $0.name == "crash" }?.yaml ?? ""
                let secret = """
                    apiVersion: v1
                    kind: Secret
                    metadata: {name: pass}
                    stringData: {word: open-sesame}
                    """
                let words = crash.replacing(
                    "echo last words", with: "printf 'last \\\\033[31mopen-sesame\\\\033[0m words\\\\n'")
                let project = try Project(
                    manifest: [Project.sleeper, secret, words].joined(separator: "\n---\n") + "\n")
                let result = try await Devloop.run(
                    ["ci", "-n", cluster.namespace, "--report", "junit=report.xml", "--report", "json=report.json"],
                    in: project.path, environment: ["KUBECONFIG": cluster.kubeconfig])
                #expect(result.code == 1, "\(result.errorText)")
                try await Self.validate(project.folder("report.xml"))
                let xml = try TestFiles.read(project.folder("report.xml"))
                #expect(xml.contains("<testcase classname=\"crash\" name=\"ready\""))
                #expect(xml.contains("type=\"CrashLoopBackOff\""), "\(xml)")
                #expect(xml.contains("last [redacted secret pass:word] words"), "\(xml)")
                #expect(!xml.contains("open-sesame") && !xml.contains("\u{1B}"))
                let json = try JSONValue(parsing: Array(TestFiles.read(project.folder("report.json")).utf8))
                #expect(json["exit"] == 1 && json["namespace"]?.string == cluster.namespace)
                let resources = json["resources"]?.array ?? []
                let names = Set(resources.compactMap { $0["name"]?.string })
                #expect(names.isSuperset(of: ["app", "crash"]))
                let crashed = try #require(resources.first { $0["name"] == "crash" })
                #expect(crashed["pods"]?.array?.first?["exit_code"] == 3)
                #expect(crashed["steps"]?.array?.last?["result"] == "failed")
                // What could drive a terminal is shown, not sent.
                #expect(!result.outputText.contains("\u{1B}") && result.outputText.contains("last ^[[31m"))
                #expect(!result.errorText.contains("\u{1B}") && result.errorText.contains("main | last ^[[31m"))
                // Told on the terminal too, as without a report.
                #expect(result.outputText.contains("last ") && result.errorText.contains("main ended with exit code 3"))
            }
        }

        @Test func aSpecThatIsWrongIsReported() async throws {
            let project = try Project("nonsense()\n")
            let result = try await Devloop.run(["ci", "--report", "junit=r.xml"], in: project.path)
            #expect(result.code == 3)
            try await Self.validate(project.folder("r.xml"))
            #expect(try TestFiles.read(project.folder("r.xml")).contains("<error type=\"plan\""))
        }

        @Test(arguments: ["junit=/nonexistent/r.xml", "json=/", "xml=r.xml", "junit=", "junit"])
        func whatCannotBeWrittenIsToldBeforehand(_ report: String) async throws {
            let project = try Project("k8s_yaml('app.yaml')\n", manifest: Project.sleeper)
            let result = try await Devloop.run(
                ["ci", "--report", report], in: project.path, environment: ["KUBECONFIG": "/nonexistent"])
            #expect(result.code == 2, "\(result.errorText)")
            #expect(!result.errorText.isEmpty && result.outputText.isEmpty)
        }
    }
}
