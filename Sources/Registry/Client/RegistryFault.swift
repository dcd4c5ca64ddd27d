// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport

/// Turns what a registry answers into what a user is told.
enum RegistryFault {
    /// An answer as the cause of an error, so that callers need not read texts.
    struct Answer: Error, Sendable {
        var status: Int
        /// Codes of the distribution specification, such as `MANIFEST_BLOB_UNKNOWN`.
        var codes: [String]
    }

    /// - Parameters:
    ///   - doing: what was wanted, as in `cannot push shop/web`.
    ///   - note: why credentials were not found.
    static func error(
        _ response: HTTPResponse, _ host: RegistryHost, doing: String, note: String? = nil
    ) -> DevloopError {
        let errors = (try? JSONValue(parsing: response.body))?["errors"]?.array ?? []
        let codes = errors.compactMap { $0["code"]?.string }
        var words = errors.map { entry in
            let message = entry["message"]?.string ?? ""
            return [entry["code"]?.string, message.isEmpty ? nil : message].compactMap { $0 }.joined(separator: ": ")
        }.joined(separator: "; ")
        if words.isEmpty, !response.text.hasPrefix("<") {
            words = response.text.split(separator: "\n").first.map { String($0.prefix(200)) } ?? ""
        }
        return DevloopError(
            .image,
            "cannot \(doing): the registry \(host.name) answered \(response.status)"
                + (words.isEmpty ? "" : ", \(words.prefix(400))"),
            hint: hint(response.status, codes, host, note),
            cause: Answer(status: response.status, codes: codes))
    }

    private static func hint(_ status: Int, _ codes: [String], _ host: RegistryHost, _ note: String?) -> String? {
        switch status {
        case 401: return "\(note.map { "\($0); " } ?? "")log in: \(host.loginCommand)"
        case 403: return "the account may not do this; log in with another one: \(host.loginCommand)"
        case 404: return "check the name; images that are not public need a login: \(host.loginCommand)"
        case 405: return "the registry takes no changes now; is it read-only?"
        case 413: return "a proxy before the registry limits the size of requests"
        case 429: return "the registry is asked too often; wait, or log in for a higher limit: \(host.loginCommand)"
        case 500...599: return "the fault is the registry's; its own log says more"
        default: return nil
        }
    }

    /// A failure below HTTP.
    static func unreachable(_ error: DevloopError, _ host: RegistryHost, doing: String) -> DevloopError {
        guard let failure = error.cause as? HTTPFailure else { return error }
        var hint = error.hint
        if failure.kind == .tls {
            hint =
                "devloop speaks TLS with every registry that is not on this machine; put the certificate of its "
                + "authority into /etc/docker/certs.d/\(host.name)/ca.crt"
        } else if failure.kind == .connect {
            hint = "check that the registry is running and that its name is right"
        }
        return DevloopError(
            .image, "cannot \(doing): \(error.message)", hint: hint, cause: failure)
    }
}
