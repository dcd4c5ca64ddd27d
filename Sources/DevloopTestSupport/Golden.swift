// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Compares text with a file that is kept in the repository.
package enum Golden {
    /// Whether golden files are to be written anew.
    package static var isRecording: Bool { getenv("DEVLOOP_RECORD").map { String(cString: $0) } == "1" }

    /// What differs from the golden file, nil when nothing does. With `DEVLOOP_RECORD=1` in the environment the file is
    /// written instead and nothing differs.
    /// - Parameters:
    ///   - name: file name below `Golden/` beside the test's own source file.
    ///   - source: leave out; the test's source file.
    package static func difference(_ text: String, name: String, source: String = #filePath) throws -> String? {
        let folder = source[..<(source.lastIndex(of: "/") ?? source.endIndex)]
        let path = "\(folder)/Golden/\(name)"
        if isRecording {
            try TestFiles.write(path, text)
            return nil
        }
        guard TestFiles.exists(path) else { return "there is no \(path); record it with DEVLOOP_RECORD=1" }
        let wanted = try TestFiles.read(path)
        guard wanted != text else { return nil }
        let want = wanted.split(separator: "\n", omittingEmptySubsequences: false)
        let have = text.split(separator: "\n", omittingEmptySubsequences: false)
        let line = zip(want, have).enumerated().first { $1.0 != $1.1 }?.offset ?? min(want.count, have.count)
        func at(_ lines: [Substring]) -> Substring { line < lines.count ? lines[line] : "(end)" }
        return "\(path):\(line + 1): golden '\(at(want))', now '\(at(have))'"
    }
}
