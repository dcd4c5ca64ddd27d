// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopCore
import Glibc
import LoopEngine

/// A file that `--report` asks for.
struct ReportFile: ExpressibleByArgument, Sendable {
    enum Format: String { case junit, json }

    var format: Format
    /// As the user wrote it.
    var path: String

    /// `junit=FILE` or `json=FILE`.
    init?(argument: String) {
        guard let sign = argument.firstIndex(of: "="), let format = Format(rawValue: String(argument[..<sign])) else {
            return nil
        }
        self.format = format
        path = String(argument[argument.index(after: sign)...])
        if path.isEmpty { return nil }
    }

    private var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Before anything is done: a command of half an hour must not end without its report.
    /// - Throws: `DevloopError` with code usage when the file cannot be written.
    func check() throws {
        if access(folder, W_OK | X_OK) != 0 { throw refusal(at: errno, code: .usage) }
        var info = stat()
        if stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR { throw refusal(at: EISDIR, code: .usage) }
    }

    /// Writes the whole file or none.
    /// - Throws: `DevloopError` with code file.
    func write(_ report: RunReport) throws {
        let text =
            switch format {
            case .junit: report.junit
            case .json: report.json.jsonText + "\n"
            }
        let temporary = "\(path).\(getpid()).new"
        guard let file = fopen(temporary, "we") else { throw refusal(at: errno, code: .file) }
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten, rename(temporary, path) == 0 else {
            let number = errno
            unlink(temporary)
            throw refusal(at: number, code: .file)
        }
    }

    private func refusal(at number: Int32, code: DevloopError.Code) -> DevloopError {
        DevloopError(
            code, "cannot write the report \(path): \(String(cString: strerror(number)))",
            hint: "name a file in a folder that is there and can be written to")
    }
}
