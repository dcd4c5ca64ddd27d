// SPDX-License-Identifier: Apache-2.0

import Starlark

/// Text from outside the spec: a file, a command's output. Not a string, so that it cannot be taken for a path.
final class Blob: ForeignValue {
    let text: String
    /// Where it comes from, for messages.
    let source: String

    init(_ text: String, source: String) {
        self.text = text
        self.source = source
    }

    var typeName: String { "blob" }
    var truth: Bool { !text.isEmpty }
    var repr: String { "blob(\(Value.string(text).repr()))" }
    var str: String? { text }
    var isHashable: Bool { false }
    func isEqual(to other: any ForeignValue) -> Bool { (other as? Blob)?.text == text }
}
