// SPDX-License-Identifier: Apache-2.0

/// Reads the runs of a container's log, one after the other.
struct LogReader {
    /// Its uid.
    let pod: String
    /// Takes the ids of runs; its end is that of the reader.
    let runs: AsyncStream<String>.Continuation
}
