// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import ServiceKit
import Wire

/// A service behind the gateway: its success is passed on as it is, its failure with its status and its words.
struct Backend: Sendable {
    let caller: HTTPCaller

    /// - Parameters:
    ///   - path: escaped already.
    ///   - query: pairs that are escaped here; empty values are left out.
    func call(
        _ method: String, _ path: String, query: [(String, String)] = [], body: JSON? = nil
    ) async throws(Refusal) -> Reply {
        let pairs = query.filter { !$0.1.isEmpty }.map { "\($0.0)=\(percentEncoded($0.1))" }
        let target = pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))"
        let answer: HTTPCaller.Answer
        do {
            answer = try await caller.call(method, target, body: body.map { Array($0.text.utf8) } ?? [])
        } catch {
            throw Refusal(status: 502, text: "\(error)")
        }
        guard answer.status == 200 else {
            throw Refusal(status: answer.status, text: String(decoding: answer.body, as: UTF8.self))
        }
        return .json(bytes: answer.body)
    }
}
