// SPDX-License-Identifier: Apache-2.0

/// What is printed after the dashboard has left the screen: quitting must not lose the error.
package enum DashboardSummary {
    /// Rows that failed are named up to here.
    private static let mostFailures = 3

    /// At most five lines: the state of all, what failed with its first error, and where the logs are.
    /// - Parameter logFolder: nil when nothing was written to disk.
    package static func lines(_ snapshot: DashboardSnapshot, logFolder: String?) -> [String] {
        let rows = snapshot.services
        let bad = rows.filter { $0.state == .failed || $0.state == .crashLoop }
        let good = rows.count { $0.state == .good }
        var lines = ["devloop: \(good) of \(rows.count) resources good" + (bad.isEmpty ? "" : ", \(bad.count) failed")]
        for row in bad.prefix(mostFailures) { lines.append("  \(row.state.letter) \(row.name): \(reason(row))") }
        if let logFolder { lines.append("logs: \(logFolder)") }
        return lines
    }

    private static func reason(_ row: ServiceRow) -> String {
        if let error = row.diagnostics.first(where: \.isError) {
            return "\(error.file):\(error.line):\(error.column): \(error.message)"
        }
        if row.state == .crashLoop { return "\(row.pod), \(row.restarts) restarts" }
        return row.build.isEmpty ? row.deploy : row.build
    }
}
