// SPDX-License-Identifier: Apache-2.0

import Plan
import Starlark

/// What `link(...)` makes.
final class LinkValue: ForeignValue {
    let link: Link

    init(_ link: Link) { self.link = link }

    var typeName: String { "link" }
    var isHashable: Bool { false }
    var repr: String {
        let name = link.name.isEmpty ? "" : ", name=\(Value.string(link.name).repr())"
        return "link(url=\(Value.string(link.url).repr())\(name))"
    }
    var attrNames: [String] { ["url", "name"] }

    func attr(_ name: String) throws -> Value? {
        switch name {
        case "url": .string(link.url)
        case "name": .string(link.name)
        default: nil
        }
    }

    func isEqual(to other: any ForeignValue) -> Bool { (other as? LinkValue)?.link == link }
}

extension Link {
    /// Text without a scheme is taken for an address of the web, as in Tilt.
    /// - Throws: when the text is no URL.
    init(checking text: String, name: String = "") throws(SpecFault) {
        let url = text.contains("://") || text.hasPrefix("mailto:") ? text : "http://\(text)"
        let scheme = url.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
        let isClean = url.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
        guard !text.isEmpty, scheme.first?.isLetter == true, url.dropFirst(scheme.count).hasPrefix(":"), isClean else {
            throw SpecFault("\"\(text)\" is no URL", hint: "such as http://localhost:8080")
        }
        self.init(url: url, name: name)
    }
}
