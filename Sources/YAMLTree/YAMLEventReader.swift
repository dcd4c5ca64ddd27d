// SPDX-License-Identifier: Apache-2.0

import CYaml
import DevloopCore

/// Owner of one libyaml parser and of a copy of its input.
///
/// The parser struct must not move, hence the heap; libyaml reads the input for as long as the parser lives.
struct YAMLEventReader: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let file: String

    init(_ bytes: [UInt8], file: String) throws(DevloopError) {
        self.file = file
        input = UnsafeMutableBufferPointer.allocate(capacity: max(bytes.count, 1))
        _ = input.initialize(from: bytes)
        parser = UnsafeMutablePointer.allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            input.deallocate()
            throw DevloopError(.yaml, "out of memory", at: SourceLocation(file: file))
        }
        yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    /// The next event; after `streamEnd` there is none to ask for.
    /// - Throws: the syntax error with its place.
    mutating func next() throws(DevloopError) -> YAMLEvent {
        var event = yaml_event_t()
        while true {
            guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
            defer { yaml_event_delete(&event) }
            let mark = event.start_mark
            let location = SourceLocation(file: file, line: mark.line + 1, column: mark.column + 1)
            switch event.type {
            case YAML_STREAM_START_EVENT: continue
            case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, location: location)
            case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, location: location)
            case YAML_ALIAS_EVENT:
                let name = Self.string(event.data.alias.anchor) ?? ""
                return YAMLEvent(kind: .alias(name), location: location)
            case YAML_SCALAR_EVENT:
                let data = event.data.scalar
                let text = UnsafeBufferPointer(start: data.value, count: data.length)
                let scalar = YAMLScalar(
                    text: String(decoding: text, as: UTF8.self), isPlain: data.style == YAML_PLAIN_SCALAR_STYLE)
                return YAMLEvent(
                    kind: .scalar(scalar), anchor: Self.string(data.anchor), tag: Self.string(data.tag),
                    location: location)
            case YAML_SEQUENCE_START_EVENT:
                let data = event.data.sequence_start
                return YAMLEvent(
                    kind: .sequenceStart, anchor: Self.string(data.anchor), tag: Self.string(data.tag),
                    location: location)
            case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, location: location)
            case YAML_MAPPING_START_EVENT:
                let data = event.data.mapping_start
                return YAMLEvent(
                    kind: .mappingStart, anchor: Self.string(data.anchor), tag: Self.string(data.tag),
                    location: location)
            case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, location: location)
            default: return YAMLEvent(kind: .streamEnd, location: location)
            }
        }
    }

    private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let text else { return nil }
        return String(decodingCString: text, as: UTF8.self)
    }

    private func syntaxError() -> DevloopError {
        let state = parser.pointee
        let problem = state.problem.map { String(cString: $0) } ?? "cannot be read"
        if state.error == YAML_READER_ERROR {
            let value = state.problem_value >= 0 ? " (0x\(String(state.problem_value, radix: 16)))" : ""
            return DevloopError(
                .yaml, problem + value, at: place(offset: state.problem_offset), hint: "save the file as UTF-8 text")
        }
        let mark = state.problem_mark
        var message = problem
        if let context = state.context.map({ String(cString: $0) }) {
            message += " \(context)"
            // Context "for" a block has a start; others happen at the place of the problem itself.
            if state.context_mark.line != mark.line { message += " that starts on line \(state.context_mark.line + 1)" }
        }
        return DevloopError(
            .yaml, message, at: SourceLocation(file: file, line: mark.line + 1, column: mark.column + 1),
            hint: isTab(line: mark.line, column: mark.column)
                ? "indent with spaces; YAML does not allow tabs there"
                : "look at brackets, quotes and indentation here and on the lines above")
    }

    /// Line and column of a byte; columns count code points.
    private func place(offset: Int) -> SourceLocation {
        var line = 1
        var column = 1
        for byte in input.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return SourceLocation(file: file, line: line, column: column)
    }

    /// Whether a tab stands at a place, both counted from 0.
    private func isTab(line: Int, column: Int) -> Bool {
        var current = (line: 0, column: 0)
        for byte in input {
            if byte == UInt8(ascii: "\n") {
                current = (current.line + 1, 0)
            } else if byte & 0xC0 != 0x80 {
                if current == (line, column) { return byte == UInt8(ascii: "\t") }
                current.column += 1
            }
            if current.line > line { return false }
        }
        return false
    }
}
