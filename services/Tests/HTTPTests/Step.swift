// SPDX-License-Identifier: Apache-2.0

import ServiceKit
import Testing

/// One request and its whole answer: a row of a service's table.
struct Step: Sendable {
    var method: String
    var target: String
    var body = ""
    var headers: [String] = []
    var status = 200
    var answer: String
}

/// Runs the steps one after the other, with `body`s in one piece or chunked without a type, as the original's clients
/// send them.
func expect(
    _ steps: [Step], on port: Int, chunked: Bool = false, normalize: (String) -> String = { $0 },
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    for step in steps {
        let reply =
            chunked && !step.body.isEmpty
            ? try await RawHTTP.chunked(port, step.method, step.target, step.body, headers: step.headers)
            : try await RawHTTP.call(port, step.method, step.target, step.body, headers: step.headers)
        let name = "\(step.method) \(step.target) \(step.body)"
        #expect(reply.status == step.status, "\(name)", sourceLocation: sourceLocation)
        #expect(normalize(reply.body) == step.answer, "\(name)", sourceLocation: sourceLocation)
    }
}
