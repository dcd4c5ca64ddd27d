// SPDX-License-Identifier: Apache-2.0

import Glibc
import ObjectModel
import ServiceKit

/// Drives the gateway of a running system as a user would, and says what it saw. It leaves nothing behind.
@main
enum SmokeProgram {
    static let usage = """
        usage: smoke [URL]

        Follows, adds, finds, changes, pages through and deletes links at the gateway at URL (http://localhost:5000) as
        the user of the token in DELINKCIOUS_TOKEN (dev-gigi, which the manifests let in). Prints one line a step; exits
        with 0 if all passed, with 1 if one did not, with 2 if it was called wrongly.

        """

    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "--help" || arguments.first == "-h" {
            print(usage, terminator: "")
            return
        }
        let url = arguments.first ?? "http://localhost:5000"
        guard arguments.count < 2, let (host, port) = address(in: url) else {
            writeToStandardError(usage)
            exit(2)
        }
        let gateway = Gateway(
            caller: HTTPCaller(host: host, port: port, timeout: 15),
            token: Settings.process["DELINKCIOUS_TOKEN"] ?? "dev-gigi")
        var failed = 0
        for step in Scenario(gateway: gateway).steps {
            do {
                try await step.run()
                print("ok      \(step.name)")
            } catch {
                failed += 1
                print("FAILED  \(step.name): \(error)")
            }
        }
        print(failed == 0 ? "smoke: all passed" : "smoke: \(failed) failed")
        exit(failed == 0 ? 0 : 1)
    }

    /// Host and port of `http://host[:port][/]`.
    static func address(in url: String) -> (host: String, port: Int)? {
        let scheme = "http://"
        guard url.hasPrefix(scheme) else { return nil }
        var rest = url.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest.removeLast() }
        let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, !rest.contains("/") else { return nil }
        switch parts.count {
        case 1: return (String(host), 80)
        case 2: return Int(parts[1]).map { (String(host), $0) }
        default: return nil
        }
    }
}
