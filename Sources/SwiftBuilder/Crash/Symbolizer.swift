// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ElfFiles
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
        // Asked once for a report: it is a process of its own.
        var toolchain: Toolchain?
        var lines: [String] = []
        for (number, frame) in report.frames.enumerated() {
            let address = frame.isReturn ? frame.address &- 1 : frame.address
            guard let image = report.images.first(where: { $0.start <= address && address < $0.end }) else { continue }
            let candidates = originals.withLock { $0[image.name] ?? [] }
            guard !candidates.isEmpty else { continue }
            guard let original = candidates.sorted().first(where: { ElfFile(path: $0)?.buildID == image.buildID })
            else {
                lines.append("\(number): in \(image.name), which has been built anew since")
                continue
            }
            if toolchain == nil { toolchain = try? await Toolchain.find(environment: environment) }
            guard let toolchain else { return lines }
            if let place = await place(of: address - image.start, in: original, toolchain) {
                lines.append("\(number): \(place)")
            }
        }
        return lines
    }

    private func place(of offset: UInt64, in original: String, _ toolchain: Toolchain) async -> String? {
        guard let tool = toolchain.tool("llvm-symbolizer", path: environment["PATH"]),
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
