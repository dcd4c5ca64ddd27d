// SPDX-License-Identifier: Apache-2.0

import DevloopCore

extension RunReport {
    /// The report in the form that CI servers read: one suite, a case for each step of each resource, the last lines of a
    /// resource's containers with its last case.
    package var junit: String {
        let cases = self.cases
        let failures = cases.filter { $0.result == .failed && !$0.isTrouble }.count
        let errors = cases.filter(\.isTrouble).count
        let skipped = cases.filter { $0.result == .skipped }.count
        let time = started.flatMap { start in ended.map { Int($0.milliseconds - start.milliseconds) } } ?? 0
        // Whole seconds, without a zone, as the schema has it.
        let stamp = started.map { String($0.iso8601.prefix(19)) } ?? "1970-01-01T00:00:00"
        let counts =
            "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\" "
            + "time=\"\(Self.seconds(time))\""
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuites name=\"devloop\" \(counts)>",
            "  <testsuite name=\"devloop \(XML.attribute(command))\" \(counts) skipped=\"\(skipped)\" "
                + "timestamp=\"\(stamp)\" hostname=\"localhost\">",
            "    <properties>",
        ]
        for (name, value) in [
            ("version", version), ("context", context), ("namespace", namespace), ("server", server),
        ] { lines.append("      <property name=\"\(name)\" value=\"\(XML.attribute(value))\"/>") }
        lines.append("    </properties>")
        lines += cases.flatMap(\.lines)
        lines += ["  </testsuite>", "</testsuites>"]
        return lines.joined(separator: "\n") + "\n"
    }

    private var cases: [Case] {
        var cases: [Case] = []
        if let trouble {
            cases.append(
                Case(
                    resource: "devloop", name: trouble.code, result: .failed, time: 0, type: trouble.code,
                    message: trouble.message, hint: trouble.hint, output: [], isTrouble: true))
        }
        for resource in resources {
            let steps = resource.steps.isEmpty ? [Step(name: .ready, result: .skipped, duration: 0)] : resource.steps
            for (index, step) in steps.enumerated() {
                let isLast = index == steps.count - 1
                cases.append(
                    Case(
                        resource: resource.name, name: step.name.rawValue, result: step.result, time: step.duration,
                        type: step.code ?? step.name.rawValue,
                        message: step.message ?? (step.result == .skipped ? "the command ended before" : ""),
                        hint: step.hint, output: isLast ? resource.log : [], isTrouble: false))
            }
        }
        return cases
    }

    /// Milliseconds as the seconds that the schema wants.
    fileprivate static func seconds(_ milliseconds: Int) -> String {
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.utf8.count))\(rest)"
    }

    private struct Case {
        var resource: String
        var name: String
        var result: Step.Result
        var time: Int
        var type: String
        var message: String
        var hint: String?
        var output: [String]
        var isTrouble: Bool

        var lines: [String] {
            var inner: [String] = []
            let first = message.split(separator: "\n").first.map(String.init) ?? message
            switch result {
            case .passed: break
            case .skipped: inner.append("      <skipped message=\"\(XML.attribute(first))\"/>")
            case .failed:
                let element = isTrouble ? "error" : "failure"
                let text = message + (hint.map { "\nhint: \($0)" } ?? "")
                inner.append(
                    "      <\(element) type=\"\(XML.attribute(type))\" message=\"\(XML.attribute(first))\">"
                        + "\(XML.text(text))</\(element)>")
            }
            if !output.isEmpty {
                inner.append("      <system-out>\(XML.text(output.joined(separator: "\n")))</system-out>")
            }
            let head =
                "    <testcase classname=\"\(XML.attribute(resource))\" name=\"\(XML.attribute(name))\" "
                + "time=\"\(RunReport.seconds(time))\""
            return inner.isEmpty ? ["\(head)/>"] : ["\(head)>"] + inner + ["    </testcase>"]
        }
    }
}

/// Text as XML 1.0 takes it.
private enum XML {
    static func text(_ text: String) -> String {
        PlainText.clean(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    static func attribute(_ text: String) -> String {
        self.text(text).replacing("\"", with: "&quot;").replacing("\n", with: " ").replacing("\t", with: " ")
    }
}
