// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Devloopfile
import Plan

/// What `devloop plan` prints.
package struct PlanReport: Sendable {
    /// Design §4.2.
    package var json: JSONValue
    package var error: DevloopError?
    /// What the spec printed, and the warnings.
    package var output: [String]
    /// One line a resource, for people.
    package var table: String
    /// A table of the time that builtins took, the slowest first.
    package var timings: String
    /// The same as data, durations in microseconds.
    package var timingsJSON: JSONValue

    /// Evaluates the spec; no cluster is asked.
    package static func make(_ settings: LiveSettings) async -> PlanReport {
        let adapter = SpecAdapter(settings: settings, directory: HostPaths.workingDirectory, mode: .plan)
        let evaluation = await adapter.evaluation()
        let warnings = (evaluation.plan?.warnings ?? []).map { warning in
            "warning: " + (warning.location.map { "\($0): " } ?? "") + warning.message
        }
        return PlanReport(
            json: Devloopfile.json(evaluation), error: evaluation.error, output: evaluation.output + warnings,
            table: table(evaluation.plan ?? Plan()), timings: timings(evaluation.timings),
            timingsJSON: .array(evaluation.timings.map(json)))
    }

    private static func json(_ row: BuiltinTimings.Row) -> JSONValue {
        [
            "builtin": .string(row.name), "place": row.location.map { .string($0.description) } ?? .null,
            "calls": .int(row.calls), "duration": .int(Int(row.duration / .microseconds(1))),
        ]
    }

    private static func timings(_ rows: [BuiltinTimings.Row]) -> String {
        let sorted = rows.sorted { $0.duration > $1.duration }
        let cells = sorted.map { row in
            let microseconds = Int(row.duration / .microseconds(1))
            let time = "\(microseconds / 1000).\(String(microseconds % 1000 + 1000).dropFirst()) ms"
            return [time, String(row.calls), row.name, row.location?.description ?? ""]
        }
        return layout([["TIME", "CALLS", "BUILTIN", "PLACE"]] + cells)
    }

    private static func table(_ plan: Plan) -> String {
        var rows = [["RESOURCE", "KIND", "IMAGES", "OBJECTS", "PORTS"]]
        for resource in plan.resources {
            let kubernetes = resource.kubernetes
            rows.append([
                resource.name, Devloopfile.kind(resource), kubernetes?.madeImages.joined(separator: ",") ?? "",
                kubernetes?.objects.map(\.shortName).joined(separator: ",") ?? "",
                kubernetes?.portForwards.map(\.shortText).joined(separator: ",") ?? "",
            ])
        }
        return layout(rows)
    }

    /// Cells in columns; no line ends with spaces.
    private static func layout(_ rows: [[String]]) -> String {
        let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
