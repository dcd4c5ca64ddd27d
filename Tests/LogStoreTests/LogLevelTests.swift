// SPDX-License-Identifier: Apache-2.0

import LogStore
import Testing

struct LogLevelTests {
    @Test(arguments: [
        ("2026-11-24T13:02:07Z error UserManager : decode failed", LogLevel.error),
        ("[ERROR] no route", .error),
        ("{\"level\":\"warn\",\"msg\":\"slow\"}", .warning),
        ("level=info msg=\"an error may follow\"", .info),
        ("Fatal error: index out of range", .error),
        ("panic: nil map", .error),
        ("TRACE enter", .debug),
        ("0 errors found", .unknown),
        ("terror and overwarned", .unknown),
        ("informational", .unknown),
        ("", .unknown),
        ("error", .error),
        ("GET /error_page 200", .error),
    ])
    func detects(_ line: String, _ level: LogLevel) {
        #expect(LogLevel.detect(Array(line.utf8)) == level)
    }
}
