// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Hashing

/// What a linked file was made from, kept beside it: it is linked again only when that is another now.
enum LinkRecord {
    /// Whether the file is there and was made with these arguments from these inputs as they are.
    static func isCurrent(_ step: SplitLink.Step) -> Bool {
        guard let file = fopen(path(step), "r") else { return false }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 256)
        guard fgets(&buffer, Int32(buffer.count), file) != nil, let now = text(step) else { return false }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) == now
    }

    /// Best effort: without it the next session links once more.
    static func write(_ step: SplitLink.Step) {
        guard let text = text(step), let file = fopen(path(step), "w") else { return }
        fputs(text, file)
        fclose(file)
    }

    static func remove(_ step: SplitLink.Step) { unlink(path(step)) }

    private static func path(_ step: SplitLink.Step) -> String { "\(step.output).inputs" }

    /// One line; nil when the output or an input is missing.
    private static func text(_ step: SplitLink.Step) -> String? {
        guard let output = FileStamp(step.output) else { return nil }
        var hash = SHA256()
        hash.update(Array("\(step.arguments)\n\(output)\n".utf8))
        for input in step.inputs {
            guard let stamp = FileStamp(input) else { return nil }
            // Of a library the symbols matter, not the code. Those of the dependencies would take long to read.
            let interface =
                input.hasSuffix(SplitLink.sharedLibrary) ? LibraryInterface.digest(of: input)?.hex : nil
            hash.update(Array("\(input) \(interface ?? "\(stamp)")\n".utf8))
        }
        return hash.finish().hex + "\n"
    }
}
