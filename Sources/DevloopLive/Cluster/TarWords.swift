// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import KubeClient

/// What programs of an image say, understood; pure.
enum TarWords {
    /// Whether the runtime could not start the program since the image has none of this name.
    static func isMissing(_ result: ExecResult) -> Bool {
        switch result.status {
        case .exited(126), .exited(127): return true
        case .exited: return false
        case .failed(let words):
            let text = words + String(decoding: result.stderr, as: UTF8.self)
            return ["not found", "no such file or directory"].contains { text.lowercased().contains($0) }
        }
    }

    /// Lines of standard error that tell of a fault; without those about the block that ends the input.
    static func faults(_ stderr: [UInt8]) -> [String] {
        let ends = ["next header", "tar magic", "bad header", "checksum", "previous errors", "damaged"]
        return lines(stderr).filter { line in !ends.contains { line.lowercased().contains($0) } }
    }

    static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }.filter { line in
            !line.allSatisfy(\.isWhitespace)
        }
    }

    /// The error for a person.
    /// - Parameters:
    ///   - words: what the program wrote to standard error.
    ///   - place: `POD/CONTAINER`.
    static func failure(_ program: String, _ words: [String], place: String) -> DevloopError {
        let text = words.first ?? "it ended without a word"
        let hints = [
            ("Read-only file system", "mount a volume there that can be written to"),
            ("No space left", "free space in the container, or give the volume a larger limit"),
            ("Disk quota", "free space in the container, or give the volume a larger limit"),
            ("Permission denied", "the user of the container may not write there"),
            ("not permitted", "the user of the container may not write there"),
            ("s a directory", "something that devloop did not put there is in the way"),
            ("Not a directory", "something that devloop did not put there is in the way"),
            ("File exists", "something that devloop did not put there is in the way"),
        ]
        let hint = words.lazy.compactMap { line in hints.first { line.contains($0.0) }?.1 }.first
        return DevloopError(
            hint == nil ? .sync : .syncImpossible, "\(program) in \(place) failed: \(text)", hint: hint)
    }

    /// Digests in hexadecimal by path, as `sha256sum` writes them.
    static func digests(_ output: [UInt8]) -> [String: String] {
        var found: [String: String] = [:]
        for line in output.split(separator: 0x0A) {
            // A name with a backslash or a line break is written with escapes, and its line begins with a backslash.
            let isEscaped = line.first == UInt8(ascii: "\\")
            let rest = isEscaped ? line.dropFirst() : line
            guard rest.count > 66, rest.prefix(64).allSatisfy({ isHexadecimal($0) }) else { continue }
            let name = rest.dropFirst(66)
            found[isEscaped ? unescape(name) : String(decoding: name, as: UTF8.self)] = String(
                decoding: rest.prefix(64), as: UTF8.self)
        }
        return found
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func unescape(_ name: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        var isAfterBackslash = false
        for byte in name {
            if isAfterBackslash {
                bytes.append(byte == UInt8(ascii: "n") ? 0x0A : byte)
                isAfterBackslash = false
            } else if byte == UInt8(ascii: "\\") {
                isAfterBackslash = true
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Arguments in groups that a server takes in one address.
    static func groups(_ arguments: [String]) -> [[String]] {
        var groups: [[String]] = []
        var size = 0
        for argument in arguments {
            // Bytes that are no letters are written as three.
            size += argument.utf8.count * 3 + 10
            if groups.isEmpty || size > 6_000 {
                groups.append([])
                size = argument.utf8.count * 3 + 10
            }
            groups[groups.count - 1].append(argument)
        }
        return groups
    }
}
