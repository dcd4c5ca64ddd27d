// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Reads a custom resource by the conditions that its controller writes, as is the convention
/// (https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus). Pure.
package enum CustomHealth {
    /// What each type of condition says when it is `True` and when it is `False`; nil says nothing. The first that says
    /// something decides, so that a failure is told before what merely waits for it.
    private enum Meaning { case ready, complete, progressing, failing }
    private static let meanings: [(type: String, yes: Meaning?, no: Meaning?)] = [
        ("Stalled", .failing, nil), ("Failed", .failing, nil), ("Succeeded", nil, .failing),
        ("Reconciling", .progressing, nil), ("Succeeded", .complete, nil), ("Complete", .complete, nil),
        ("Ready", .ready, .progressing), ("Available", .ready, .progressing),
    ]

    /// - Parameter object: the API object. One that says nothing of itself counts as ready.
    package static func verdict(of object: JSONValue) -> WorkloadStatus.Verdict {
        let generation = object.at("metadata", "generation")?.int
        func isOld(_ json: JSONValue?) -> Bool {
            guard let generation, let observed = json?["observedGeneration"]?.int else { return false }
            return observed < generation
        }
        let status = object["status"]
        if isOld(status) { return .progressing("its controller has not seen the change yet") }
        let conditions = status?["conditions"]?.array ?? []
        for (type, yes, no) in meanings {
            guard let condition = conditions.first(where: { $0["type"]?.string == type }) else { continue }
            if isOld(condition) { return .progressing("its controller has not seen the change yet") }
            let meaning: Meaning? =
                switch condition["status"]?.string {
                case "True": yes
                case "False": no
                // What runs does not know how it ends. That nothing has gone wrong so far is no reason to wait.
                default: yes == .ready || yes == .complete ? .progressing : nil
                }
            guard let meaning else { continue }
            return verdict(meaning, condition, type)
        }
        return .ready
    }

    private static func verdict(
        _ meaning: Meaning, _ condition: JSONValue, _ type: String
    ) -> WorkloadStatus.Verdict {
        let words = [condition["reason"]?.string, condition["message"]?.string].compactMap { $0 }
            .filter { !$0.isEmpty }.joined(separator: ": ")
        let text = "\(type) is \(condition["status"]?.string ?? "Unknown")" + (words.isEmpty ? "" : ", \(words)")
        switch meaning {
        case .ready: return .ready
        case .complete: return .complete
        case .progressing: return .progressing(text)
        case .failing: return .failing(Problem.conditionFailed.failure(text))
        }
    }
}
