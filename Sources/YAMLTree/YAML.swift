// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// YAML 1.1 text in, trees with places or JSON values out, and back.
package enum YAML {
    /// All documents of a stream. An empty text has none; an empty document is a plain empty scalar, which means null.
    /// - Parameter file: name for the places in errors and nodes.
    /// - Throws: code `.yaml` with file, line and column: syntax, duplicate keys, unknown or recursive anchors, more
    ///   than 512 levels, aliases that expand to more than 400,000 values.
    package static func parse(_ bytes: [UInt8], file: String) throws(DevloopError) -> [YAMLDocument] {
        var composer = try YAMLComposer(bytes, file: file)
        return try composer.documents()
    }

    /// As ``parse(_:file:)-([UInt8],_)``, for text that is already a string.
    package static func parse(_ text: String, file: String) throws(DevloopError) -> [YAMLDocument] {
        try parse(Array(text.utf8), file: file)
    }

    /// All documents of a stream as JSON; empty documents are null.
    /// - Throws: code `.yaml`, also for what JSON cannot express (see ``YAMLNode/json``).
    package static func json(_ bytes: [UInt8], file: String) throws(DevloopError) -> [JSONValue] {
        var values: [JSONValue] = []
        for document in try parse(bytes, file: file) { values.append(try document.root.json) }
        return values
    }

    /// As ``json(_:file:)-([UInt8],_)``, for text that is already a string.
    package static func json(_ text: String, file: String) throws(DevloopError) -> [JSONValue] {
        try json(Array(text.utf8), file: file)
    }

    /// Block style, two spaces of indentation, documents after the first behind `---`. Reads back as the same values.
    package static func emit(_ values: [JSONValue]) -> String {
        var emitter = YAMLEmitter()
        for (index, value) in values.enumerated() {
            if index > 0 { emitter.output += "---\n" }
            emitter.document(value)
        }
        return emitter.output
    }
}
