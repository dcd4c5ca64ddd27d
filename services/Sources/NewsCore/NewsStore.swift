// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// Where feeds are kept, each in the order in which its events came.
package protocol NewsStore: Sendable {
    func add(_ event: NewsEvent) async throws
    /// Up to `limit` events of a user from number `start` on, and the number with which the next page begins, if one
    /// may follow.
    func events(of user: String, from start: Int, limit: Int) async throws -> (events: [NewsEvent], next: Int?)
}
