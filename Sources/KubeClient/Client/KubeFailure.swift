// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport

/// The answer of an API server that is no success; the `cause` of the `DevloopError` that is thrown.
package struct KubeFailure: Error, Sendable, Equatable {
    /// HTTP status.
    package var status: Int
    /// Machine word of the server (`NotFound`, `Conflict`, `Expired`); empty when it gave none.
    package var reason: String
    /// The server's own words.
    package var message: String
    /// Machine words of its details: `FieldManagerConflict`, `FieldValueInvalid`.
    package var causes: [String] = []
    /// How long the server asks us to wait (`Retry-After`), at most 10 s; nil when it does not.
    package var retryAfter: Duration?

    package init(status: Int, reason: String, message: String, retryAfter: Duration? = nil) {
        self.status = status
        self.reason = reason
        self.message = message
        self.retryAfter = retryAfter
    }

    package var isNotFound: Bool { status == 404 }
    package var isConflict: Bool { status == 409 }
    /// The resource version is too old: list again.
    package var isExpired: Bool { status == 410 || reason == "Expired" || reason == "Gone" }
    /// Asked to come back later, before anything was done: safe to repeat, whatever it was.
    package var isThrottled: Bool { status == 429 }
    /// The server asks for patience or had an accident: the same request may succeed later.
    package var isTransient: Bool { status == 429 || status >= 500 }
}

extension KubeFailure {
    /// Reads an answer that is no success.
    init(_ head: HTTPResponseHead, body: [UInt8]) {
        self.init(status: head.status, body: body)
        // In seconds; the other form, a date, would depend on our clock.
        retryAfter = head.headers["Retry-After"].flatMap { Int($0) }.map { .seconds(min(max($0, 0), 10)) }
    }

    /// Reads a `Status` object, or any text, from the body of an answer.
    init(status: Int, body: [UInt8]) {
        let value = try? JSONValue(parsing: body)
        if let value, value["kind"]?.string == "Status" {
            self.init(value, status: status)
            return
        }
        let text = String(decoding: body.prefix(1_000), as: UTF8.self)
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        self.init(status: status, reason: "", message: line.isEmpty ? "status \(status) without a message" : line)
    }

    /// Reads a `Status` object, as a watch delivers it in its stream.
    init(_ object: JSONValue, status: Int = 0) {
        self.init(
            status: object["code"]?.int ?? status, reason: object["reason"]?.string ?? "",
            message: object["message"]?.string ?? object["reason"]?.string ?? "status \(status) without a message")
        causes = (object.at("details", "causes")?.array ?? []).compactMap { $0["reason"]?.string }
    }

    /// The error to throw.
    /// - Parameter what: What was asked for, as `get pods in 'shop'`.
    func error(_ what: String) -> DevloopError {
        switch status {
        case 401:
            DevloopError(
                .clusterRefused, "the cluster does not know us (\(what)): \(message)",
                hint: "the credentials of this context are wrong or have expired; log in again", cause: self)
        case 403:
            DevloopError(
                .clusterRefused, "the cluster does not allow \(what): \(message)",
                hint: "ask for this right, or use another context", cause: self)
        case 409 where reason == "Conflict":
            DevloopError(
                .objectRefused, "\(what): \(message)",
                hint: "another tool manages these fields: remove them there, or let devloop take them over", cause: self
            )
        case 429, 500...:
            DevloopError(
                .clusterUnreachable, "\(what): the cluster answered \(status): \(message)",
                hint: "it is overloaded or still starting", cause: self)
        case 400, 422:
            DevloopError(
                .objectRefused, "\(what): \(message)",
                hint: "mend the named fields; 'kubectl explain' tells what they take", cause: self)
        default: DevloopError(.objectRefused, "\(what): \(message)", cause: self)
        }
    }
}

extension Error {
    /// The server's answer behind this error; nil when it is none.
    package var kubeFailure: KubeFailure? { self as? KubeFailure ?? (self as? DevloopError)?.cause as? KubeFailure }

    /// What failed below HTTP behind this error; nil when that is not where it failed.
    var httpFailure: HTTPFailure? { (self as? DevloopError)?.cause as? HTTPFailure }
}
