// SPDX-License-Identifier: Apache-2.0

import Wire

/// What the gateway says instead of an answer: `{"message": …}` with a status.
struct Refusal: Error, Hashable, Sendable {
    var status: Int
    /// The parameter that is wrong, if it is one.
    var parameter: String?
    var text: String

    /// No token, or one that nobody knows.
    static let denied = Refusal(status: 401, text: "Access Denied!")

    var reply: Reply {
        let message: JSON = parameter.map { .object([JSON.Member($0, .string(text))]) } ?? .string(text)
        return .json(["message": message], status: status)
    }
}
