// SPDX-License-Identifier: Apache-2.0

/// An answer as it goes on the wire.
package struct Reply: Hashable, Sendable {
    /// HTTP status code.
    package var status: Int
    /// `nil` where there is no body.
    package var contentType: String?
    package var body: String
    /// Methods for the `Allow` header of a 405, sorted.
    package var allow: [String] = []
    /// Further header fields by name.
    package var fields: [String: String] = [:]

    static let plainText = "text/plain; charset=utf-8"

    /// JSON and a line end, as Go's encoder writes it.
    package static func json(_ value: JSON, status: Int = 200) -> Reply {
        Reply(status: status, contentType: "application/json", body: value.text + "\n")
    }

    /// A body that is JSON already.
    package static func json(bytes: [UInt8]) -> Reply {
        Reply(status: 200, contentType: "application/json", body: String(decoding: bytes, as: UTF8.self))
    }

    /// Text as it is, with status 200.
    package static func text(_ text: String) -> Reply {
        Reply(status: 200, contentType: plainText, body: text)
    }

    /// Sends the client elsewhere, with further header fields.
    package static func redirect(to location: String, fields: [String: String] = [:]) -> Reply {
        Reply(
            status: 302, contentType: nil, body: "",
            fields: fields.merging(["Location": location]) { $1 })
    }

    /// 200 with a line of text.
    package static func line(_ text: String, status: Int = 200) -> Reply {
        Reply(status: status, contentType: plainText, body: text + "\n")
    }

    /// A refusal by the link service, and a request that cannot be decoded anywhere: 500 with the bare words.
    package static func failure(_ text: String) -> Reply {
        Reply(status: 500, contentType: plainText, body: text)
    }

    /// A refusal by the user and social graph services: 200 with the words under `err`.
    package static func refusal(_ text: String) -> Reply {
        json(["err": .string(text)])
    }

    /// No such path.
    package static let notFound = line("404 page not found", status: 404)

    /// A known path with another method.
    package static func methodNotAllowed(_ allow: [String]) -> Reply {
        Reply(status: 405, contentType: nil, body: "", allow: allow.sorted())
    }
}
