// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import ProcessRunner
import Synchronization

/// Names the places of crash reports, from the programs and libraries as the linker made them; what was shipped are copies
/// without symbols.
package final class Symbolizer: Sendable {
    private let environment: [String: String]
    /// Absolute paths of the originals, by file name.
    private let originals = Mutex<[String: Set<String>]>([:])

    package init(environment: [String: String]) { self.environment = BuildEnvironment.filtered(environment) }

    /// What may run in Pods from now on.
    package func add(_ artifact: BuildArtifact) {
        originals.withLock { originals in
            for path in [artifact.path] + artifact.libraries.map(\.path) {
                originals[DriverPlan.fileName(path), default: []].insert(path)
            }
        }
    }

    /// One line for each frame that lies in a known program: `0: Store.find(_:) at /s/Store.swift:12:7`.
    /// - Returns: none when nothing can be said; a line that says so when the original is no longer there.
    package func lines(for report: CrashReport) async -> [String] {
        var lines: [String] = []
        for (number, frame) in report.frames.enumerated() {
            let address = frame.isReturn ? frame.address &- 1 : frame.address
            guard let image = report.images.first(where: { $0.start <= address && address < $0.end }) else { continue }
            let candidates = originals.withLock { $0[image.name] ?? [] }
            guard !candidates.isEmpty else { continue }
            guard let original = candidates.sorted().first(where: { ElfNotes.buildID(of: $0) == image.buildID }) else {
                lines.append("\(number): in \(image.name), which has been built anew since")
                continue
            }
            if let place = await place(of: address - image.start, in: original) { lines.append("\(number): \(place)") }
        }
        return lines
    }

    private func place(of offset: UInt64, in original: String) async -> String? {
        guard let toolchain = try? await Toolchain.find(environment: environment),
            let tool = toolchain.tool("llvm-symbolizer", path: environment["PATH"]),
            let result = try? await ProcessRunner.run(
                ProcessCommand(
                    [tool, "--obj=\(original)", "--output-style=JSON", "0x\(String(offset, radix: 16))"],
                    environment: .exact(environment))),
            let symbol = (try? JSONValue(parsing: result.stdout))?.array?.first?["Symbol"]?.array?.first
        else { return nil }
        var name = symbol["FunctionName"]?.string ?? ""
        if name.hasPrefix("$s"), let demangler = toolchain.tool("swift-demangle", path: environment["PATH"]),
            let demangled = try? await ProcessRunner.run(
                ProcessCommand([demangler, "--compact", "--simplified", name], environment: .exact(environment)))
        {
            name = demangled.outputText.filter { $0 != "\n" }
        }
        guard let file = symbol["FileName"]?.string, !file.isEmpty, let line = symbol["Line"]?.int, line > 0 else {
            return name.isEmpty ? nil : name
        }
        let column = symbol["Column"]?.int ?? 0
        return "\(name) at \(file):\(line)\(column > 0 ? ":\(column)" : "")"
    }
}

/// Notes of ELF files (System V ABI; the GNU build ID).
enum ElfNotes {
    private static let noteSegment: UInt64 = 4
    private static let buildIDType: UInt64 = 3

    /// In hexadecimal; nil for files without one.
    static func buildID(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard let header = bytes(descriptor, 0, 64), header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else {
            return nil
        }
        let count = number(header, 56, 2)
        guard let table = bytes(descriptor, number(header, 32, 8), count * 56) else { return nil }
        for entry in stride(from: 0, to: table.count, by: 56) where number(table, entry, 4) == noteSegment {
            // Notes are small; anything else is no note.
            guard let notes = bytes(descriptor, number(table, entry + 8, 8), min(number(table, entry + 32, 8), 4096))
            else { continue }
            if let found = buildID(in: notes) { return found }
        }
        return nil
    }

    private static func buildID(in notes: [UInt8]) -> String? {
        var at = 0
        while at + 12 <= notes.count {
            let (nameSize, size) = (Int(number(notes, at, 4)), Int(number(notes, at + 4, 4)))
            let start = at + 12 + (nameSize + 3) / 4 * 4
            guard start + size <= notes.count else { return nil }
            if number(notes, at + 8, 4) == buildIDType, Array(notes[at + 12..<at + 16]) == Array("GNU\0".utf8) {
                return notes[start..<start + size].map { byte in
                    let digits = String(byte, radix: 16)
                    return digits.utf8.count == 1 ? "0\(digits)" : digits
                }.joined()
            }
            at = start + (size + 3) / 4 * 4
        }
        return nil
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        guard offset + count <= bytes.count else { return 0 }
        return bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func bytes(_ descriptor: Int32, _ offset: UInt64, _ count: UInt64) -> [UInt8]? {
        guard count > 0, count < 1 << 20, let start = off_t(exactly: offset) else { return nil }
        var buffer = [UInt8](repeating: 0, count: Int(count))
        let got = pread(descriptor, &buffer, buffer.count, start)
        return got == buffer.count ? buffer : nil
    }
}
