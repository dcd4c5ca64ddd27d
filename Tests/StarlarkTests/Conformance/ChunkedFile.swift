// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The public conformance data, which lies outside of the repository.
enum ConformanceData {
    /// The folder: `DEVLOOP_CONFORMANCE`, else `shared/conformance/starlark` beside the checkout. Nil when absent.
    static let folder: String? = {
        var root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        let given = ProcessInfo.processInfo.environment["DEVLOOP_CONFORMANCE"]
        root.removeLast()
        let folder = given ?? root.joined(separator: "/") + "/shared/conformance/starlark"
        return FileManager.default.fileExists(atPath: folder) ? folder : nil
    }()

    static var isPresent: Bool { folder != nil }

    /// The text of a file in the folder.
    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: (folder ?? "") + "/" + path)), as: UTF8.self)
    }
}

/// A file of independent programs, separated by `---`.
struct ChunkedFile {
    /// One program, with the line numbers of the whole file.
    struct Chunk {
        let source: String
        /// Expectations as written after `###`, by line.
        let expectations: [(line: Int, text: String)]
        let firstLine: Int
    }

    let path: String
    let chunks: [Chunk]

    init(_ path: String) throws {
        self.path = path
        var chunks: [Chunk] = []
        var line = 1
        for part in try ConformanceData.text(path).split(separator: "\n---\n", omittingEmptySubsequences: false) {
            let lines = part.split(separator: "\n", omittingEmptySubsequences: false)
            var expectations: [(line: Int, text: String)] = []
            for (offset, text) in lines.enumerated() {
                guard let mark = text.firstRange(of: "###") else { continue }
                let wanted = text[mark.upperBound...].drop { $0 == " " }
                expectations.append((line + offset, String(wanted)))
            }
            let padding = String(repeating: "\n", count: line - 1)
            chunks.append(Chunk(source: padding + part, expectations: expectations, firstLine: line))
            line += lines.count + 1
        }
        self.chunks = chunks
    }
}
