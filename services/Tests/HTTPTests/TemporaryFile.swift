// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file with `text` for as long as `body` runs.
func withTemporaryFile(_ text: String, _ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/delinkcious-test-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    guard file >= 0 else { throw TemporaryFileError(code: errno) }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { unlink(path) }
    let bytes = Array(text.utf8)
    let written = write(file, bytes, bytes.count)
    close(file)
    guard written == bytes.count else { throw TemporaryFileError(code: errno) }
    try await body(path)
}

struct TemporaryFileError: Error {
    let code: Int32
}
