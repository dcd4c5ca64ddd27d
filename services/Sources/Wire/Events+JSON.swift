// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// Subjects and queue of the bus, as the originals have them.
package enum Subject {
    package static let linkEvents = "link-events"
    package static let linkChecks = "link-check-events"
    package static let queue = "the-queue"
}

extension LinkEvent {
    /// The original's message, with times in full precision.
    package var json: JSON {
        [
            "EventType": .number(String(kind.rawValue)),
            "Username": .string(username),
            "Link": link.map { $0.json(time: \.exactRFC3339) } ?? .null,
        ]
    }

    /// Reads a message. Throws `DomainError` for what is no event.
    package init(body: [UInt8]) throws(DomainError) {
        let fields = try FieldReader(JSONParser.firstValue(in: body))
        var number = 0
        try fields.read("EventType", into: &number)
        guard let kind = Kind(rawValue: number) else { throw DomainError("there is no event of type \(number)") }
        var username = ""
        try fields.read("Username", into: &username)
        var link: Link?
        if let value = fields.value("Link"), value != .null { link = try Link(json: value) }
        self.init(kind: kind, username: username, link: link)
    }
}

extension LinkCheck {
    package var json: JSON {
        ["Username": .string(username), "Url": .string(url), "Status": .string(status.rawValue)]
    }

    /// Reads a message. Throws `DomainError` for what is no result of a check.
    package init(body: [UInt8]) throws(DomainError) {
        let fields = try FieldReader(JSONParser.firstValue(in: body))
        var (username, url, word) = ("", "", "")
        try fields.read("Username", into: &username)
        try fields.read("Url", into: &url)
        try fields.read("Status", into: &word)
        guard let status = LinkStatus(rawValue: word) else { throw DomainError("there is no status \"\(word)\"") }
        self.init(username: username, url: url, status: status)
    }
}

/// What is asked of the checker.
package struct CheckRequest: Hashable, Sendable {
    package var username = ""
    package var url = ""

    package init(username: String, url: String) {
        self.username = username
        self.url = url
    }

    package var json: JSON { ["Username": .string(username), "Url": .string(url)] }

    /// Reads the body of the checker's POST.
    package init(body: [UInt8]) throws(DomainError) {
        let fields = try FieldReader(JSONParser.firstValue(in: body))
        try fields.read("Username", into: &username)
        try fields.read("Url", into: &url)
    }
}
