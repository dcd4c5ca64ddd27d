// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Offsets from UTC over time, as the zone files of the system tell them. After the last change that a file lists, its
/// last offset goes on.
final class TimeZoneRules: Sendable {
    struct Offset {
        let seconds: Int
        let abbreviation: String
    }

    private let first: Offset
    /// Changes in order of time.
    private let changes: [(at: Int, to: Offset)]

    static let utc = TimeZoneRules(first: Offset(seconds: 0, abbreviation: "UTC"), changes: [])
    private static let folder = "/usr/share/zoneinfo/"
    private static let sizeLimit = 1 << 20

    private init(first: Offset, changes: [(at: Int, to: Offset)]) {
        self.first = first
        self.changes = changes
    }

    /// A zone that is always so many seconds ahead of UTC. It has no name, so its offset stands for one.
    convenience init(offset: Int) {
        self.init(first: Offset(seconds: offset, abbreviation: ""), changes: [])
    }

    /// The zone of a name such as `Europe/Berlin`; nil when the system does not know it.
    static func named(_ name: String) -> TimeZoneRules? {
        if name.isEmpty || name == "UTC" { return utc }
        // A name, and no way out of the folder.
        guard !name.hasPrefix("/"), !name.contains("\\"), !name.split(separator: "/").contains("..") else { return nil }
        guard let stream = fopen(folder + name, "rb") else { return nil }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: sizeLimit)
        let count = fread(&bytes, 1, bytes.count, stream)
        return TimeZoneRules(file: Array(bytes[..<count]))
    }

    /// The offset at a moment.
    func offset(at seconds: Int) -> Offset {
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].at <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : changes[low - 1].to
    }

    /// The moment at which clocks of the zone show a time. Of two, the one that was asked for first is meant.
    func moment(ofLocal seconds: Int) -> Int {
        let guess = offset(at: seconds).seconds
        let better = offset(at: seconds - guess).seconds
        return seconds - (offset(at: seconds - better).seconds == better ? better : guess)
    }

    /// Reads the format of `man 5 tzfile`, in its second version or later; nil when the bytes are not that.
    private convenience init?(file: [UInt8]) {
        func number(_ place: Int, _ width: Int) -> Int? {
            guard place >= 0, place + width <= file.count else { return nil }
            var value = Int(Int8(bitPattern: file[place]))
            for offset in 1..<width { value = value << 8 | Int(file[place + offset]) }
            return value
        }
        func counts(_ header: Int) -> [Int]? {
            guard header + 44 <= file.count, file[header..<header + 4].elementsEqual("TZif".utf8) else { return nil }
            let counts = (0..<6).compactMap { number(header + 20 + 4 * $0, 4) }
            return counts.count == 6 && counts.allSatisfy { $0 >= 0 } ? counts : nil
        }
        guard let old = counts(0), file[4] >= UInt8(ascii: "2") else { return nil }
        // The first block has 32-bit times for old readers.
        let header = 44 + old[3] * 5 + old[4] * 6 + old[5] + old[2] * 8 + old[1] + old[0]
        guard let new = counts(header) else { return nil }
        let (changeCount, typeCount, textCount) = (new[3], new[4], new[5])
        let times = header + 44
        let types = times + changeCount * 8 + changeCount
        let texts = types + typeCount * 6
        guard texts + textCount <= file.count, typeCount > 0 else { return nil }
        func offset(_ type: Int) -> Offset? {
            guard type < typeCount, let seconds = number(types + type * 6, 4) else { return nil }
            let text = file[(texts + Int(file[types + type * 6 + 5]))...].prefix { $0 != 0 }
            return Offset(seconds: seconds, abbreviation: String(decoding: text, as: UTF8.self))
        }
        guard let first = offset(0) else { return nil }
        var changes: [(at: Int, to: Offset)] = []
        for index in 0..<changeCount {
            guard let at = number(times + index * 8, 8), let to = offset(Int(file[times + changeCount * 8 + index]))
            else { return nil }
            changes.append((at, to))
        }
        self.init(first: first, changes: changes)
    }
}
