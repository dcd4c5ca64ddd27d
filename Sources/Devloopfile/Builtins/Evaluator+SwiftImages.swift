// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

extension Evaluator {
    func addSwiftImage(_ call: BuiltinCall) throws {
        let ref = try newRef(call)
        let package = try packageDirectory(call, "package")
        var swift = SwiftImage(
            package: package, product: try call.string("product", default: ""),
            base: try base(call.string("base", default: "scratch")))
        swift.arguments = try call.strings("args")
        swift.environment = try call.dictionary("env")
        swift.resources = try mappings(call.value("resources"))
        swift.live = try call.bool("live") ?? true
        swift.user = try user(call, base: swift.base)
        swift.directory = try workingDirectory(call)
        swift.ports = try ports(call.value("ports"))
        swift.rollsBack = try call.bool("roll_back") ?? false
        var image = Image(ref: ref, builder: .swift(swift), liveUpdate: try liveUpdate(call.value("live_update")))
        image.matchesEnvironment = try call.bool("match_in_env_vars") ?? false
        add(image, call)
    }

    /// A base as ``SwiftImage/base`` has it.
    private func base(_ text: String) throws -> String {
        if text == "scratch" { return text }
        for prefix in SwiftImage.localBases where text.hasPrefix(prefix) {
            let path = absolute(String(text.dropFirst(prefix.utf8.count)))
            let wanted: Files.Kind = prefix == "oci:" ? .directory : .file
            guard Files.kind(path) == wanted else {
                state.watch(path)
                throw SpecFault(
                    "base \"\(display(path))\" is no \(wanted == .file ? "file" : "directory")",
                    hint: "oci: names the directory of an OCI layout, oci-archive: and docker-archive: name a file")
            }
            return prefix + path
        }
        let path = absolute(text)
        if Files.kind(Paths.resolve("oci-layout", in: path)) == .file { return "oci:\(path)" }
        guard ImageName(text) != nil else {
            throw SpecFault(
                "base \"\(text)\" is no image reference",
                hint: text.contains("/") ? "a directory must be an OCI layout; archives are oci-archive:FILE" : nil)
        }
        return text
    }

    private func user(_ call: BuiltinCall, base: String) throws -> String {
        let text = try call.string("user", default: "")
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard !text.isEmpty else { return "" }
        let isName =
            parts.count <= 2
            && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isLetter || $0.isNumber || "._-".contains($0) } }
        guard isName else { throw SpecFault("user \"\(text)\" is neither user nor user:group") }
        let isNumeric = parts.allSatisfy { Int($0).map { $0 >= 0 } ?? false }
        guard isNumeric || base != "scratch" else {
            throw SpecFault(
                "an image from scratch has no user \"\(text)\"", hint: "give numbers, such as user='1000:1000'")
        }
        return text
    }

    private func workingDirectory(_ call: BuiltinCall) throws -> String {
        let text = try call.string("workdir", default: "")
        guard text.isEmpty || Paths.isAbsolute(text) else { throw SpecFault("workdir \"\(text)\" is not absolute") }
        return text.isEmpty ? "" : Paths.clean(text)
    }

    /// Numbers, or texts such as `53/udp`.
    private func ports(_ value: Value?) throws -> [String] {
        guard let value else { return [] }
        guard let elements = try? value.iterate() else {
            throw SpecFault("ports must be a list, got \(value.typeName)")
        }
        return try elements.map { element in
            let text = element.asString ?? element.asInt.map { "\($0)" } ?? ""
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard let first = parts.first, let number = Int(first), (1...65_535).contains(number), parts.count <= 2,
                ["tcp", "udp", "sctp"].contains(parts.count == 2 ? parts[1] : "tcp")
            else { throw SpecFault("ports must hold ports such as 8080 or '53/udp', got \(element.repr())") }
            return "\(number)/\(parts.count == 2 ? parts[1] : "tcp")"
        }
    }

    /// Pairs of a path of this machine and an absolute path of the image.
    private func mappings(_ value: Value?) throws -> [FileMapping] {
        guard let value else { return [] }
        guard let elements = try? value.iterate() else {
            throw SpecFault("resources must be a list of pairs, got \(value.typeName)")
        }
        return try elements.map { element in
            guard let pair = try? element.iterate(), pair.count == 2, let source = pair[0].asString,
                let destination = pair[1].asString
            else {
                throw SpecFault("resources must hold pairs such as ('Public', '/app/Public'), got \(element.repr())")
            }
            let path = absolute(source)
            guard Files.kind(path) != nil else {
                state.watch(path)
                throw SpecFault("resource \"\(display(path))\" does not exist")
            }
            guard Paths.isAbsolute(destination) else {
                throw SpecFault("resource destination \"\(destination)\" is not absolute")
            }
            let place = Paths.clean(destination)
            // What is mounted there in a live container would hide it.
            guard place != Self.ownFolder, !place.hasPrefix("\(Self.ownFolder)/") else {
                throw SpecFault(
                    "resource destination \"\(place)\" is in \(Self.ownFolder), which devloop keeps for itself",
                    hint: "another path, or sync() with initial_sync(), which may lead to \(Self.ownFolder)/app")
            }
            return FileMapping(source: path, destination: place)
        }
    }

    /// Where the agent and the program are in live containers.
    private static let ownFolder = "/devloop"
}
