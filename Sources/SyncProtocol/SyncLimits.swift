// SPDX-License-Identifier: Apache-2.0

/// Numbers both sides hold to.
package enum SyncLimits {
    /// Version of the protocol; host and agent must have the same.
    package static let protocolVersion: UInt16 = 3
    /// The longest payload that is accepted.
    package static let maximumPayload = 1 << 20
    /// Content bytes of one data frame: large enough that frames cost nothing, small enough that a ping between two of
    /// them is answered at once.
    package static let chunk = 128 << 10
    /// Bytes that one copy order may take from a base file: about 15 ms of work.
    package static let copyRange = 8 << 20
    /// Content bytes that may be on their way without acknowledgement: a set of any size fills neither side.
    package static let window = 4 << 20
    /// The agent acknowledges after this many content bytes.
    package static let acknowledgeEvery = 512 << 10
    /// Bytes of one page of entries, deletions or record: far below ``maximumPayload``.
    package static let page = 128 << 10
    /// Files of one set.
    package static let maximumEntries = 200_000
    /// The largest file.
    package static let maximumFileSize: UInt64 = 8 << 30
    /// An agent at work says so at least this often: on a slow disk a set of thousands of small files can take longer than
    /// a host waits for the answer to a ping, which comes behind them.
    package static let signOfLifeMilliseconds: UInt64 = 1_000
    /// A host that says nothing for so long is gone; it pings every 5 s.
    package static let silenceMilliseconds: UInt64 = 20_000
    /// How long an agent keeps what has come of a set that was cut: for the session that goes on with it, and not so long
    /// that one that never comes back fills the disk.
    package static let keepPartsMilliseconds: UInt64 = 120_000
    /// How long an owner has to show that it lives when another one asks for its place; its machine may be compiling.
    package static let challengeMilliseconds: UInt64 = 3_000
    /// An app that ends within this time after a change set does not end the container (design §4.5).
    package static let earlyExitMilliseconds: UInt64 = 10_000
    /// How long a readiness check is repeated.
    package static let probeMilliseconds: UInt64 = 60_000
    /// The mode of a symbolic link, as `lstat` has it. Its content is the path that it holds.
    package static let linkMode: UInt16 = 0o120777
    /// Bytes of the longest path that a link may hold.
    package static let maximumLink = 4_095
    /// Bytes of a SHA-256 digest.
    package static let digestSize = 32
}
