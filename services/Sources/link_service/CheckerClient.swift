// SPDX-License-Identifier: Apache-2.0

import LinkCore
import ObjectModel
import ServiceKit
import Wire

/// The link checker as the link service uses it.
struct CheckerClient: Sendable {
    static let defaultPort = 8_080
    /// Seconds for one check; the checker itself gives an address ten.
    static let timeout: Int64 = 15

    private let caller: HTTPCaller
    private let path: String

    /// The checker at `LINK_CHECKER_URL`, or at the Service `link-checker`; `nil` where there is neither.
    init?(_ settings: Settings) throws(DomainError) {
        if let url = settings["LINK_CHECKER_URL"] {
            let scheme = "http://"
            let rest = url.hasPrefix(scheme) ? url.dropFirst(scheme.count) : ""
            let address = rest.prefix { $0 != "/" }
            let parts = address.split(separator: ":", omittingEmptySubsequences: false)
            let port = parts.count == 2 ? Int(parts[1]) : parts.count == 1 ? 80 : nil
            guard let host = parts.first, !host.isEmpty, let port else {
                throw DomainError("LINK_CHECKER_URL=\(url): not an address like http://host:port/")
            }
            caller = HTTPCaller(host: String(host), port: port, timeout: Self.timeout)
            path = rest.count > address.count ? String(rest.dropFirst(address.count)) : "/"
        } else if settings["LINK_CHECKER_SERVICE_HOST"] != nil {
            let address = try settings.service("LINK_CHECKER", port: Self.defaultPort)
            caller = HTTPCaller(host: address.host, port: address.port, timeout: Self.timeout)
            path = "/"
        } else {
            return nil
        }
    }

    /// Has a link checked. Throws `DomainError` if the checker does not say that it has.
    @Sendable func check(_ change: LinkChange) async throws {
        let request = CheckRequest(username: change.username, url: change.url)
        let answer = try await caller.call("POST", path, body: Array(request.json.text.utf8))
        guard answer.status == 200 else {
            throw DomainError("status \(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
        }
    }
}
