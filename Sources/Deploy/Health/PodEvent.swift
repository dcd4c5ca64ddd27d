// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// What Kubernetes has recorded about a Pod or a workload; tells what no status says, as the words of a probe.
package struct PodEvent: Sendable, Equatable {
    /// Kubernetes' word: `Unhealthy`, `FailedMount`.
    package var reason: String
    package var message: String
    /// The container that it is about; nil when it is about the whole.
    package var container: String?
    /// When it happened last, RFC 3339 in UTC and whole seconds; sorts as text.
    package var last: String

    package init(reason: String, message: String, container: String?, last: String) {
        self.reason = reason
        self.message = message
        self.container = container
        self.last = last
    }

    /// Reads an object of kind Event.
    package init(_ json: JSONValue) {
        reason = json["reason"]?.string ?? ""
        message = json["message"]?.string ?? ""
        // `spec.containers{web}`
        let path = json.at("involvedObject", "fieldPath")?.string ?? ""
        container = path.split(separator: "{").dropFirst().first.map { String($0.prefix { $0 != "}" }) }
        let times = [
            json["lastTimestamp"], json.at("series", "lastObservedTime"), json["eventTime"],
            json.at("metadata", "creationTimestamp"),
        ]
        last = String((times.compactMap { $0?.string }.first ?? "").prefix(19))
    }
}

extension [PodEvent] {
    /// The newest with one of these reasons that is not older than a moment.
    /// - Parameters:
    ///   - container: nil takes events about any.
    ///   - since: RFC 3339 in UTC.
    func newest(_ reasons: String..., of container: String? = nil, since: String?, where matches: (String) -> Bool)
        -> PodEvent?
    {
        let since = since.map { $0.prefix(19) } ?? ""
        return filter { event in
            reasons.contains(event.reason) && event.last >= since && matches(event.message)
                && (container == nil || event.container == container)
        }.max { $0.last < $1.last }
    }
}
