// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Wire

/// Counts the link service's calls and their time, under the original's names. A refused call counts too.
final class LinkMetrics: Sendable {
    enum Method: String, CaseIterable {
        case getLinks = "getlinks"
        case addLink = "addlink"
        case updateLink = "updatelink"
        case deleteLink = "deletelink"
    }

    private struct Total {
        var count = 0
        var milliseconds = 0.0
    }

    private let totals = Mutex<[Method: Total]>([:])

    /// Runs a call and counts it.
    func measure(_ method: Method, _ call: () async -> Reply) async -> Reply {
        let begin = ContinuousClock.now
        let reply = await call()
        let time = (ContinuousClock.now - begin) / .milliseconds(1)
        totals.withLock { totals in
            totals[method, default: Total()].count += 1
            totals[method, default: Total()].milliseconds += time
        }
        return reply
    }

    /// Prometheus' text format.
    var text: String {
        let totals = totals.withLock { $0 }
        var text = ""
        for method in Method.allCases {
            let total = totals[method] ?? Total()
            let name = "link_\(method.rawValue)"
            text += "# HELP \(name)_count Number of requests received.\n# TYPE \(name)_count counter\n"
            text += "\(name)_count \(total.count)\n"
            text += "# HELP \(name)_summary Total duration of requests in milliseconds.\n"
            text += "# TYPE \(name)_summary summary\n"
            text += "\(name)_summary_sum \(total.milliseconds)\n\(name)_summary_count \(total.count)\n"
        }
        return text
    }
}
