// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// Where a page begins: after an instant that a client named, or exactly after the last link of the page before.
package enum PageStart: Hashable, Sendable {
    /// Links created later than this.
    case instant(Timestamp)
    /// Links after this creation time and number. The number decides between links of the same instant,
    /// which is what the original's token, a time in whole seconds, could not.
    case link(createdAt: Timestamp, number: Int64)

    /// Reads the value of `start`; throws for text that is neither a time nor a token of ours.
    package init(_ text: String) throws(DomainError) {
        if let instant = Timestamp(rfc3339: text) {
            self = .instant(instant)
            return
        }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "p", let seconds = Int64(parts[1], radix: 36),
            let nanoseconds = Int32(parts[2], radix: 36), let number = Int64(parts[3], radix: 36)
        else { throw DomainError("invalid start token: \(text)") }
        self = .link(createdAt: Timestamp(seconds: seconds, nanoseconds: nanoseconds), number: number)
    }

    /// The token that a client passes back. Its form is ours alone; it is safe in a query without escaping.
    package static func token(createdAt: Timestamp, number: Int64) -> String {
        "p-\(String(createdAt.seconds, radix: 36))-\(String(createdAt.nanoseconds, radix: 36))"
            + "-\(String(number, radix: 36))"
    }

    /// Whether a link lies behind this start.
    package func precedes(createdAt: Timestamp, number: Int64) -> Bool {
        switch self {
        case .instant(let instant): instant < createdAt
        case .link(let time, let last): (time, last) < (createdAt, number)
        }
    }
}
