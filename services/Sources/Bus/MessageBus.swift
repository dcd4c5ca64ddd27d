// SPDX-License-Identifier: Apache-2.0

/// Carries messages between services, at most once.
package protocol MessageBus: Sendable {
    /// Hands a message over. Returning does not mean that anybody has it.
    func publish(_ message: [UInt8], on subject: String) async throws
    /// Messages of a subject; each goes to one member of the queue. Ends when the bus does.
    func messages(on subject: String, queue: String) async throws -> AsyncStream<[UInt8]>
}
