// SPDX-License-Identifier: Apache-2.0

/// A file of independent programs, separated by lines `---`.
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

    init(_ path: String, in folder: ConformanceFolder) throws {
        self.path = path
        var chunks: [Chunk] = []
        var line = 1
        for part in try folder.text(path).split(separator: "\n---\n", omittingEmptySubsequences: false) {
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
