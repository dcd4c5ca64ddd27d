// SPDX-License-Identifier: Apache-2.0

/// Everything that host and agent say to each other.
package enum Message: Sendable, Equatable {
    case hello(Hello)
    case stateRequest
    case begin(SetHeader)
    /// A page of entries; as many pages as needed, after `begin`.
    case entries([SetEntry])
    case deletions([SetDeletion])
    /// The next bytes of the file with this index; they start at `start` of the payload (no copy is made).
    case data(file: UInt32, payload: [UInt8], start: Int)
    /// The next bytes of the file with this index are a range of its base.
    case copy(file: UInt32, offset: UInt64, length: UInt32)
    case commit(set: UInt64)
    case abort(set: UInt64)
    case restart
    case signal(UInt8)
    case welcome(Welcome)
    /// A page of the record; the pages come before `state`.
    case stateFiles([RecordEntry])
    /// A page of what is left of a set that was cut; the pages come before `state`.
    case stateParts([StagedPart])
    case state(AgentState)
    /// Content bytes of the open set that the agent has taken in, copies included.
    case dataAcknowledged(set: UInt64, bytes: UInt64)
    case committed(Committed)
    case appStarted(AppStarted)
    case appExited(AppExited)
    case ready(Ready)
    case fault(Fault)
    case pulledItem(PulledItem)
    /// The next bytes of the file that was told last; they start at `start` of the payload.
    case pulledData(payload: [UInt8], start: Int)
    /// The file that was told last is complete, with this SHA-256.
    case pulledEnd(digest: [UInt8])
    /// All was told: so many items.
    case pullDone(items: UInt64)
    case ping(UInt64)
    case pong(UInt64)
}
