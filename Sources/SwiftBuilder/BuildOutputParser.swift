// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Reads the output of `swift build`, line by line: progress, compiled files, diagnostics.
struct BuildOutputParser {
    /// What one line has told.
    enum Event: Equatable {
        case progress(done: Int, total: Int, step: String)
        /// A diagnostic that was not seen before. Notes may still follow; ``diagnostics`` has them.
        case diagnostic(Diagnostic)
    }

    /// In their order, each once, with their notes.
    private(set) var diagnostics: [Diagnostic] = []
    /// `<Module> <File.swift>` of each step that compiles.
    private(set) var compiled: [String] = []
    /// The last lines.
    private(set) var tail: [String] = []
    private var seen: Set<Diagnostic> = []
    /// Index of the diagnostic that notes belong to; nil while a repetition of one is read.
    private var current: Int?
    /// Where the excerpt that is being read is: the file, and the line of the last source line.
    private var excerptFile: String?
    private var excerptLine: Int?

    private static let tailLength = 40

    /// How SwiftPM says that it waits for another one. There is no line end, so the next line follows at once.
    static let waiting = (start: "Another instance of SwiftPM", end: "has finished execution...")

    mutating func add(_ whole: String) -> Event? {
        var line = whole
        if line.hasPrefix(Self.waiting.start), let end = Self.range(of: Self.waiting.end, in: line[...]) {
            line = String(line[end.upperBound...])
            guard !line.isEmpty else { return nil }
        }
        tail.append(line)
        if tail.count > Self.tailLength { tail.removeFirst() }
        if let progress = Self.progress(line) {
            endExcerpt()
            if progress.step.hasPrefix("Compiling ") { compiled.append(String(progress.step.dropFirst(10))) }
            return .progress(done: progress.done, total: progress.total, step: progress.step)
        }
        if let found = Self.header(line) { return begin(found) }
        readExcerpt(line)
        return nil
    }

    /// Takes over what another compiler has told, each diagnostic once.
    mutating func merge(_ other: BuildOutputParser) {
        endExcerpt()
        diagnostics += other.diagnostics.filter { !diagnostics.contains($0) }
        seen.formUnion(other.seen)
        tail = Array((tail + other.tail).suffix(Self.tailLength))
    }

    /// An error that no line tells.
    mutating func note(_ message: String) {
        diagnostics.append(Diagnostic(location: nil, severity: .error, message: message))
    }

    private mutating func endExcerpt() { (current, excerptFile, excerptLine) = (nil, nil, nil) }

    private mutating func begin(_ found: Diagnostic) -> Event? {
        excerptFile = found.location?.file
        excerptLine = nil
        if found.severity == .note {
            // Belongs to what was told before, as the compiler prints them together.
            if let current { add(note: found, to: current) }
            return nil
        }
        guard !Self.isNoise(found), seen.insert(found).inserted else {
            current = nil
            return nil
        }
        diagnostics.append(found)
        current = diagnostics.count - 1
        return .diagnostic(found)
    }

    private mutating func add(note: Diagnostic, to index: Int) {
        if !diagnostics[index].notes.contains(note) { diagnostics[index].notes.append(note) }
    }

    /// Notes on a diagnostic stand inside its excerpt: `12 | source` lines, and below them `   |   `- note: text`.
    private mutating func readExcerpt(_ line: String) {
        guard let bar = line.firstIndex(of: "|") else { return readLinker(line) }
        let before = line[..<bar].filter { $0 != " " }
        if let number = Int(before) {
            excerptLine = number
            return
        }
        guard before.isEmpty, let current, let file = excerptFile else { return readLinker(line) }
        let rest = line[line.index(after: bar)...]
        for mark in ["`- note: ", "|- note: "] {
            guard let range = Self.range(of: mark, in: rest) else { continue }
            let column = rest.distance(from: rest.startIndex, to: range.lowerBound)
            let note = Diagnostic(
                location: SourceLocation(
                    file: file, line: excerptLine, column: excerptLine == nil ? nil : max(column, 1)),
                severity: .note, message: String(rest[range.upperBound...]))
            add(note: note, to: current)
        }
    }

    /// `>>> referenced by main.swift:3 (/path/main.swift:3)` below an error of lld.
    private mutating func readLinker(_ line: String) {
        guard line.hasPrefix(">>> "), let current else { return }
        add(
            note: Diagnostic(location: nil, severity: .note, message: String(line.dropFirst(4).drop { $0 == " " })),
            to: current)
    }

    /// `[12/40] Compiling Module File.swift`.
    static func progress(_ line: String) -> (done: Int, total: Int, step: String)? {
        guard line.hasPrefix("["), let end = line.firstIndex(of: "]") else { return nil }
        let parts = line[line.index(after: line.startIndex)..<end].split(
            separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let done = Int(parts[0]), let total = Int(parts[1]) else { return nil }
        return (done, total, String(line[line.index(after: end)...].drop { $0 == " " }))
    }

    /// `path:line:column: error: text`, `error: text`, `ld.lld: error: text`.
    static func header(_ line: String) -> Diagnostic? {
        for severity in [Diagnostic.Severity.error, .warning, .note] {
            let word = severity.rawValue + ": "
            if line.hasPrefix(word) {
                return Diagnostic(location: nil, severity: severity, message: String(line.dropFirst(word.count)))
            }
            guard let range = range(of: ": " + word, in: line[...]) else { continue }
            let place = line[..<range.lowerBound]
            let message = String(line[range.upperBound...])
            if let location = location(place) {
                return Diagnostic(location: location, severity: severity, message: message)
            }
            // A tool names itself: `ld.lld`, `clang`, `/usr/bin/ld.gold`. An excerpt has spaces and bars before the word.
            guard !place.contains("|"), !place.contains(" ") else { continue }
            return Diagnostic(location: nil, severity: severity, message: "\(place): \(message)")
        }
        return nil
    }

    private static func location(_ place: Substring) -> SourceLocation? {
        let parts = place.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 3, let column = Int(parts[parts.count - 1]), let line = Int(parts[parts.count - 2]) else {
            return nil
        }
        return SourceLocation(file: parts.dropLast(2).joined(separator: ":"), line: line, column: column)
    }

    /// Lines that only say that something above has failed.
    private static func isNoise(_ diagnostic: Diagnostic) -> Bool {
        guard diagnostic.location == nil else { return false }
        let message = diagnostic.message
        // Steps that were under way when another one failed are `cancelled`.
        return message == "fatalError" || message == "cancelled" || message.hasPrefix("ExitCode(rawValue:")
            || message.hasSuffix("(use -v to see invocation)") || message.contains(": Invalid manifest (compiled with:")
    }

    private static func range(of word: String, in text: Substring) -> Range<Substring.Index>? {
        let bytes = Array(word.utf8)
        let utf8 = text.utf8
        guard utf8.count >= bytes.count, let first = bytes.first else { return nil }
        var at = utf8.startIndex
        while let start = utf8[at...].firstIndex(of: first) {
            let rest = utf8[start...]
            guard rest.count >= bytes.count else { return nil }
            if rest.starts(with: bytes) { return start..<utf8.index(start, offsetBy: bytes.count) }
            at = utf8.index(after: start)
        }
        return nil
    }
}
