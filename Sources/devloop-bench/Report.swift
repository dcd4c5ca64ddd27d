// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import ProcessRunner

/// All that was measured, as a table, as JSON and as the generated part of `docs/benchmarks.md`.
struct Report: Sendable {
    var machine: [(String, String)]
    var rows: [RowResult]

    static let begin = "<!-- begin: written by scripts/bench --write-docs -->"
    static let end = "<!-- end -->"

    var json: JSONValue {
        [
            "machine": .object(JSONObject(machine.map { ($0.0, .string($0.1)) })),
            "rows": .array(rows.map(\.json)),
        ]
    }

    var table: String {
        var lines = [["what", "unit", "n", "min", "p50", "p95", "max", "goal", ""]]
        for result in rows {
            lines.append([
                result.row.title, result.row.unit, String(result.spread.count), number(result.spread.minimum),
                number(result.spread.median), number(result.spread.p95), number(result.spread.maximum),
                (result.row.goal.map(number) ?? "") + (result.row.goal95.map { ", p95 \(number($0))" } ?? ""),
                result.verdict,
            ])
        }
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        var text = lines.map { line in
            line.enumerated().map { column, cell in
                let pad = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 || column == 1 || column == 8 ? cell + pad : pad + cell
            }.joined(separator: "  ").trimmedEnd
        }
        for result in rows where !result.profile.isEmpty {
            text.append("\(result.row.id): " + profile(result))
        }
        for result in rows {
            for note in result.notes { text.append("\(result.row.id): \(note)") }
        }
        return text.joined(separator: "\n")
    }

    var markdown: String {
        var lines = ["| machine | |", "|---|---|"]
        lines += machine.map { "| \($0.0) | \($0.1) |" }
        lines += [
            "", "| what | unit | n | min | p50 | p95 | max | goal | floor | | others |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
        ]
        for result in rows {
            let spread = result.spread
            lines.append(
                "| \(result.row.title) | \(result.row.unit) | \(spread.count) | \(number(spread.minimum)) | "
                    + "**\(number(spread.median))** | \(number(spread.p95)) | \(number(spread.maximum)) | "
                    + "\(goal(result.row)) | "
                    + "\(result.row.floor.map { "≤ \(number($0))" } ?? "") | \(result.verdict) | \(result.row.peers) |")
        }
        let profiled = rows.filter { !$0.profile.isEmpty }
        if !profiled.isEmpty {
            lines += ["", "devloop's own stages, medians in milliseconds (`save.served`):", ""]
            lines += profiled.map { "- \($0.row.title): \(profile($0))" }
        }
        let notes = rows.flatMap { result in result.notes.map { "- \(result.row.title): \($0)" } }
        if !notes.isEmpty { lines += ["", "Remarks:", ""] + notes }
        return lines.joined(separator: "\n")
    }

    private func goal(_ row: Row) -> String {
        let median = row.goal.map { "\(row.isMore ? "≥" : "≤") \(number($0))" } ?? ""
        return median + (row.goal95.map { ", p95 ≤ \(number($0))" } ?? "")
    }

    private func profile(_ result: RowResult) -> String {
        result.profile.map { "\($0.stage) \(number($0.median))" }.joined(separator: ", ")
    }

    /// Three figures are more than such measurements are good for.
    private func number(_ value: Double) -> String {
        if abs(value) >= 100 || value == value.rounded() { return String(Int(value.rounded())) }
        let scaled = Int((abs(value) * (abs(value) < 10 ? 100 : 10)).rounded())
        let (unit, digits) = abs(value) < 10 ? (100, 2) : (10, 1)
        let rest = String(scaled % unit)
        return (value < 0 ? "-" : "") + "\(scaled / unit)." + String(repeating: "0", count: digits - rest.count) + rest
    }

    /// What the machine is.
    static func machine(cluster: String?) async -> [(String, String)] {
        var facts: [(String, String)] = [("processors", String(sysconf(CInt(_SC_NPROCESSORS_ONLN))))]
        if let line = fact("/proc/cpuinfo", "model name") { facts.append(("model", line)) }
        if let line = fact("/proc/meminfo", "MemTotal"), let kibibytes = Int(line.prefix { $0.isNumber }) {
            facts.append(("memory", "\(kibibytes / 1_048_576) GiB"))
        }
        if let line = fact("/etc/os-release", "PRETTY_NAME") { facts.append(("system", line)) }
        if let swift = try? await ProcessRunner.run(ProcessCommand(["swift", "--version"])) {
            let text = swift.outputText
            if let range = text.range(of: "Swift version ") {
                facts.append(("Swift", String(text[range.upperBound...].prefix { $0 != " " && $0 != "\n" })))
            }
        }
        if let cluster { facts.append(("Kubernetes", "\(cluster), one node on the same machine")) }
        if let load = try? Files.text("/proc/loadavg") {
            facts.append(("load at the start", String(load.prefix { $0 != " " })))
        }
        return facts
    }

    /// The value of the first line that begins with the name.
    private static func fact(_ file: String, _ name: String) -> String? {
        guard let line = (try? Files.text(file))?.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
            let cut = line.firstIndex(where: { $0 == ":" || $0 == "=" })
        else { return nil }
        return String(line[line.index(after: cut)...].drop { $0 == " " || $0 == "\t" }).filter { $0 != "\"" }
    }

    /// Replaces the part between the markers.
    func write(to document: String) throws {
        let text = try Files.text(document)
        guard let begin = text.range(of: Self.begin), let end = text.range(of: Self.end),
            begin.upperBound <= end.lowerBound
        else { throw BenchFailure("\(document) has no part between '\(Self.begin)' and '\(Self.end)'") }
        let new = text[..<begin.upperBound] + "\n" + markdown + "\n" + text[end.lowerBound...]
        try Files.write(document, Array(String(new).utf8))
    }
}

extension String {
    /// Without the blanks at the end.
    fileprivate var trimmedEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }

    /// Where a text occurs first.
    func range(of wanted: String) -> Range<String.Index>? { self[...].range(of: wanted) }
}

extension Substring {
    /// Where a text occurs first.
    func range(of wanted: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(wanted) { return start..<index(start, offsetBy: wanted.count) }
            formIndex(after: &start)
        }
        return nil
    }
}
