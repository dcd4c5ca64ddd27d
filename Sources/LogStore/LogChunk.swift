// SPDX-License-Identifier: Apache-2.0

/// Up to 64 KiB of text of one source with the records of its lines: the unit of eviction.
struct LogChunk: Sendable {
    /// Chunks of 64 KiB let twenty sources share 16 MiB without one source's half-empty chunk counting much.
    static let capacity = 64 * 1024
    /// A chunk of very short lines ends here, so that the records do not outweigh the text without bound.
    static let mostRecords = 4096

    private(set) var bytes: [UInt8] = []
    private(set) var records: [LogRecord] = []
    /// Position of the chunk's first line among the lines of its source.
    let firstIndex: Int

    init(firstIndex: Int, reserve: Bool) {
        self.firstIndex = firstIndex
        if reserve { bytes.reserveCapacity(Self.capacity) }
    }

    /// Memory that the chunk takes.
    var cost: Int { bytes.capacity + records.capacity * MemoryLayout<LogRecord>.stride }

    func hasRoom(for count: Int) -> Bool {
        bytes.count + count <= Self.capacity && records.count < Self.mostRecords
    }

    mutating func append(_ line: ArraySlice<UInt8>, _ record: LogRecord) {
        var record = record
        record.offset = UInt32(bytes.count)
        record.length = UInt16(line.count)
        bytes.append(contentsOf: line)
        records.append(record)
    }

    func text(of record: LogRecord) -> ArraySlice<UInt8> {
        bytes[Int(record.offset)..<(Int(record.offset) + Int(record.length))]
    }

    /// The first record whose sequence is not less than `sequence`.
    func index(atOrAfter sequence: UInt64) -> Int {
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
