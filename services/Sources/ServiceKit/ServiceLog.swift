// SPDX-License-Identifier: Apache-2.0

import Glibc
import ObjectModel
package import Wire

/// A service's log: one line an entry, to standard error.
package struct ServiceLog: Sendable {
    /// How a line looks.
    package enum Style: Sendable {
        /// `<time> <name>: <msg> key=value …`
        case plain
        /// One JSON object with sorted keys, `service` and `timestamp` among them, as the link service logs.
        case json
    }

    private let name: String
    private let style: Style
    private let write: @Sendable (String) -> Void

    /// - Parameters:
    ///   - name: the service, as its lines say it.
    ///   - write: takes a line with its end.
    package init(name: String, style: Style, write: @escaping @Sendable (String) -> Void = writeToStandardError) {
        self.name = name
        self.style = style
        self.write = write
    }

    /// An entry with a message.
    package func note(_ message: String, _ fields: [String: JSON] = [:], file: String = #fileID, line: Int = #line) {
        entry(fields.merging(["msg": .string(message)]) { $1 }, file: file, line: line)
    }

    /// An entry of fields only.
    package func entry(_ fields: [String: JSON], file: String = #fileID, line: Int = #line) {
        let time = Timestamp.now().rfc3339
        switch style {
        case .json:
            var all = fields
            all["service"] = .string(name)
            all["timestamp"] = .string(time)
            all["called from"] = .string("\(file.split(separator: "/").last ?? ""):\(line)")
            let members = all.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) }
            write(JSON.object(members).text + "\n")
        case .plain:
            var text = "\(time) \(name):"
            if case .string(let message)? = fields["msg"] { text += " " + shown(message) }
            for (key, value) in fields.sorted(by: { $0.key < $1.key }) where key != "msg" {
                text += " \(key)=\(value.text)"
            }
            write(text + "\n")
        }
    }

    /// A message may quote a request: control characters in it must not reach a terminal.
    private func shown(_ message: String) -> String {
        var text = ""
        for scalar in message.unicodeScalars {
            text += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return text
    }
}

/// Writes a whole line in one call, so that lines of several threads do not mix.
package func writeToStandardError(_ line: String) {
    var bytes = Array(line.utf8)[...]
    while !bytes.isEmpty {
        let written = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { return }
        bytes = bytes.dropFirst(written)
    }
}
