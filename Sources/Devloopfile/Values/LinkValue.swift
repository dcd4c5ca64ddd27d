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
    /// - Throws: when the text is no absolute URL.
    init(checking url: String, name: String = "") throws(SpecFault) {
        let scheme = url.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
        let rest = url.dropFirst(scheme.count)
        let isClean = url.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
        guard scheme.first?.isLetter == true, rest.hasPrefix("://"), rest.count > 3, isClean else {
            throw SpecFault("\"\(url)\" is no URL", hint: "write it with its scheme, such as http://\(url)")
        }
        self.init(url: url, name: name)
    }
}
