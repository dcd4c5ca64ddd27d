// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport

/// What a folder holds, as other programs than devloop's read it: kind, executable bit, and content by SHA-256, of files
/// and links. Empty folders are not synced, and not listed.
enum TreeListing {
    /// - Returns: nil when the folder cannot be read to its end, such as when it goes meanwhile.
    static func of(_ folder: String) -> [String: String]? {
        let found = TestProgram.run([
            "find", folder, "-mindepth", "1", "!", "-type", "d", "-printf", #"%y %m %P\t%l\n"#,
        ])
        guard found.status == 0 else { return nil }
        let sums = TestProgram.run(["find", folder, "-type", "f", "-exec", "sha256sum", "-z", "--", "{}", "+"])
        guard sums.status == 0 else { return nil }
        var listing: [String: String] = [:]
        for line in found.output.split(separator: "\n") {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            let words = parts[0].split(separator: " ", maxSplits: 2)
            guard words.count == 3, parts.count == 2 else { return nil }
            // A link's own mode means nothing.
            let isExecutable = words[0] == "f" && words[1].contains { "1357".contains($0) }
            listing[String(words[2])] = "\(words[0])\(isExecutable ? "x" : "") \(parts[1])"
        }
        for line in sums.output.split(separator: "\0") {
            guard let space = line.firstRange(of: "  ") else { return nil }
            listing[String(line[space.upperBound...].dropFirst(folder.count + 1)), default: "gone"] +=
                line[..<space.lowerBound]
        }
        return listing
    }

    /// What differs, in words; nil when nothing does.
    static func difference(_ wanted: [String: String], _ found: [String: String]) -> String? {
        let names = Set(wanted.keys).union(found.keys).filter { wanted[$0] != found[$0] }.sorted()
        guard !names.isEmpty else { return nil }
        let shown = names.prefix(4).map { "\($0): \(found[$0] ?? "not there"), not \(wanted[$0] ?? "not there")" }
        return "\(names.count) files: \(shown.joined(separator: "; "))"
    }
}
