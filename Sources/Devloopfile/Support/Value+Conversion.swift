// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

extension Value {
    /// Text of a string or a blob.
    var text: String? { asString ?? asForeign(Blob.self)?.text }

    /// Strings of a string, a list or a tuple; none for None.
    func strings(_ parameter: String) throws -> [String] {
        if isNone { return [] }
        if let text = asString { return [text] }
        guard let elements = try? iterate() else {
            throw SpecFault("\(parameter) must be a string or a list of strings, got \(typeName)")
        }
        return try elements.map { element in
            guard let text = element.asString else {
                throw SpecFault("\(parameter) must be a list of strings, it has an element of type \(element.typeName)")
            }
            return text
        }
    }

    /// The pairs of a dict of strings.
    /// - Parameter allowsBlobs: values may be blobs too.
    func dictionary(_ parameter: String, allowsBlobs: Bool = false) throws -> [String: String] {
        if isNone { return [:] }
        guard case .object(let object) = self, let dict = object as? StarlarkDict else {
            throw SpecFault("\(parameter) must be a dict, got \(typeName)")
        }
        var result: [String: String] = [:]
        for entry in dict.entries {
            guard let key = entry.key.asString, let value = allowsBlobs ? entry.value.text : entry.value.asString else {
                throw SpecFault(
                    "\(parameter) must map strings to strings, it has \(entry.key.repr()): \(entry.value.repr())")
            }
            result[key] = value
        }
        return result
    }
}

extension BuiltinCall {
    /// `TRIGGER_MODE_AUTO` or `TRIGGER_MODE_MANUAL`; nil when left out.
    func triggerMode(_ name: String = "trigger_mode") throws -> Resource.TriggerMode? {
        guard let value = value(name) else { return nil }
        guard let mode = value.asForeign(TriggerModeValue.self) else {
            throw SpecFault(
                "trigger_mode must be TRIGGER_MODE_AUTO or TRIGGER_MODE_MANUAL, got \(value.typeName)")
        }
        return mode.mode
    }

    /// URLs, as strings or links, one or several.
    func links(_ name: String = "links") throws -> [Link] {
        guard let value = value(name) else { return [] }
        func link(_ element: Value) throws -> Link {
            if let link = element.asForeign(LinkValue.self) { return link.link }
            guard let url = element.asString else {
                throw SpecFault("links must be strings or links, got \(element.typeName)")
            }
            return try Link(checking: url)
        }
        guard let elements = try? value.iterate() else { return [try link(value)] }
        return try elements.map(link)
    }

    /// Names for grouping; the same rule as for names of Kubernetes labels.
    func labels(_ name: String = "labels") throws -> [String] {
        try strings(name).map { label in
            let isValid =
                (1...63).contains(label.utf8.count) && label.first?.isLetterOrDigit == true
                && label.last?.isLetterOrDigit == true
                && label.allSatisfy { $0.isLetterOrDigit || "-_.".contains($0) }
            guard isValid else {
                throw SpecFault(
                    "\"\(label)\" is no label", hint: "up to 63 letters, digits, '-', '_' and '.', inside only")
            }
            return label
        }
    }

    /// Everything that `port_forwards` may be: an int, a string, a `port_forward(...)`, or a list of those.
    func portForwards(_ name: String = "port_forwards") throws -> [PortForward] {
        guard let value = value(name) else { return [] }
        func forward(_ element: Value) throws -> PortForward {
            if let forward = element.asForeign(PortForwardValue.self) { return forward.forward }
            if let number = element.asInt { return PortForward(localPort: try PortForward.port(number)) }
            if let text = element.asString { return try PortForward(parsing: text) }
            throw SpecFault(
                "port_forwards must be an int, a string, a port_forward, or a list of them, got \(element.typeName)")
        }
        guard let elements = try? value.iterate() else { return [try forward(value)] }
        return try elements.map(forward)
    }
}

extension Character {
    fileprivate var isLetterOrDigit: Bool { isASCII && (isLetter || isNumber) }
}
