// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine

/// Change sets of a container of this machine.
struct LocalSync: SyncConnection {
    let container: LocalContainer
    let events: AsyncStream<SyncNotice>

    func apply(_ set: SyncSet) async throws -> SyncReport { try await container.apply(set) }

    /// Its files were made with the Pod: there is no earlier session.
    func recorded() async -> [String] { [] }

    func close() async {}
}
