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

    /// Evaluates the spec; no cluster is asked.
    package static func make(_ settings: LiveSettings) async -> PlanReport {
        let adapter = SpecAdapter(settings: settings, directory: HostPaths.workingDirectory, mode: .plan)
        let evaluation = await adapter.evaluation()
        let warnings = (evaluation.plan?.warnings ?? []).map { warning in
            "warning: " + (warning.location.map { "\($0): " } ?? "") + warning.message
        }
        return PlanReport(
            json: Devloopfile.json(evaluation), error: evaluation.error, output: evaluation.output + warnings,
            table: table(evaluation.plan ?? Plan()))
    }

    private static func table(_ plan: Plan) -> String {
        var rows = [["RESOURCE", "KIND", "IMAGES", "OBJECTS", "PORTS"]]
        for resource in plan.resources {
            let kubernetes = resource.kubernetes
            rows.append([
                resource.name, kubernetes == nil ? "local" : "k8s", kubernetes?.images.joined(separator: ",") ?? "",
                kubernetes?.objects.map(\.shortName).joined(separator: ",") ?? "",
                kubernetes?.portForwards.map(\.shortText).joined(separator: ",") ?? "",
            ])
        }
        let widths = (0..<5).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
