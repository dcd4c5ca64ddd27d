// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// The demo's arguments.
struct DemoOptions: Sendable {
    /// `--flood N`: log lines that are written at once.
    var flood = 0
    /// `--rate N`: log lines a second that keep coming; 0 leaves the session quiet.
    var rate = 0
    /// `--services N`.
    var services = 5
    /// `--logs FOLDER`: also writes the logs to files.
    var logFolder: String?
    /// `--output FILE`: takes what the process prints while the screen is open.
    var outputPath: String?
    /// `--banner`: shows a broken spec.
    var hasBanner = false
    /// `--statistics FILE`: writes the screen's counters at the end.
    var statisticsPath: String?
    /// `--ascii`.
    var isASCII = false
    /// `--measure`: no screen; prints how long layout and diff take under a flood.
    var measures = false

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        func number(_ name: String) throws -> Int {
            guard let text = rest.popFirst(), let value = Int(text), value >= 0 else {
                throw DevloopError(.usage, "\(name) needs a number")
            }
            return value
        }
        func text(_ name: String) throws -> String {
            guard let text = rest.popFirst() else { throw DevloopError(.usage, "\(name) needs a value") }
            return text
        }
        while let argument = rest.popFirst() {
            switch argument {
            case "--flood": flood = try number(argument)
            case "--rate": rate = try number(argument)
            case "--services": services = try number(argument)
            case "--logs": logFolder = try text(argument)
            case "--output": outputPath = try text(argument)
            case "--banner": hasBanner = true
            case "--statistics": statisticsPath = try text(argument)
            case "--ascii": isASCII = true
            case "--measure": measures = true
            default: throw DevloopError(.usage, "unknown argument \"\(argument)\"")
            }
        }
    }
}
