// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

extension Evaluator {
    func imageBuiltins() -> [Builtin] {
        [
            define(
                "swift_image", "ref", "package?", "product?", "base?", "args?", "env?", "resources?", "live_update?",
                "live?"
            ) { evaluator, call in
                try evaluator.addSwiftImage(call)
                return .none
            },
            define(
                "custom_build", "ref", "command", "deps", "tag?", "disable_push?", "skips_local_docker?",
                "live_update?", "ignore?", "entrypoint?", "outputs_image_ref_to?", "env?", "dir?"
            ) { evaluator, call in
                try evaluator.addCustomBuild(call)
                return .none
            },
            define("image_loader", "command") { evaluator, call in
                guard let command = try evaluator.command(call.arguments[0], "command") else {
                    throw SpecFault("command is empty")
                }
                guard evaluator.state.settings.imageLoader == nil else { throw SpecFault("is there already") }
                evaluator.state.settings.imageLoader = command
                return .none
            },
            define("default_registry", "host", "host_from_cluster?", "single_name?") { evaluator, call in
                let host = try call.arguments.string(0, "host")
                guard !host.isEmpty, !host.contains("://") else {
                    throw SpecFault(
                        "\"\(host)\" is no registry host", hint: "write it without a scheme: localhost:5000")
                }
                guard evaluator.state.settings.defaultRegistry == nil else { throw SpecFault("is there already") }
                let fromCluster = try call.arguments.string(1, "host_from_cluster", default: "")
                evaluator.state.settings.defaultRegistry = DefaultRegistry(
                    host: host, hostFromCluster: fromCluster.isEmpty ? nil : fromCluster,
                    singleName: try call.arguments.string(2, "single_name", default: ""))
                return .none
            },
        ]
    }

    private func addSwiftImage(_ call: BuiltinCall) throws {
        let arguments = call.arguments
        let ref = try newRef(arguments)
        let package = absolute(try arguments.string(1, "package", default: "."))
        guard Files.kind(package) == .directory else {
            state.watch(package)
            throw SpecFault("package \"\(display(package))\" is no directory")
        }
        let manifest = Paths.resolve("Package.swift", in: package)
        guard Files.kind(manifest) == .file else {
            state.watch(manifest)
            throw SpecFault(
                "there is no \"\(display(manifest))\"", hint: "package= names the directory of a Swift package")
        }
        var swift = SwiftImage(
            package: package, product: try arguments.string(2, "product", default: ""),
            base: try arguments.string(3, "base", default: "scratch"))
        guard swift.base == "scratch" || ImageName(swift.base) != nil else {
            throw SpecFault("base \"\(swift.base)\" is no image reference")
        }
        swift.arguments = try arguments.strings(4, "args")
        swift.environment = try arguments.dictionary(5, "env")
        swift.resources = try mappings(arguments.given(6))
        swift.live = try arguments.bool(8, "live") ?? true
        var image = Image(ref: ref, builder: .swift(swift), liveUpdate: try liveUpdate(arguments.given(7)))
        image.location = call.location
        state.images.append(image)
    }

    private func addCustomBuild(_ call: BuiltinCall) throws {
        let arguments = call.arguments
        let ref = try newRef(arguments)
        let command = try command(
            arguments[1], "command", environment: arguments.dictionary(10, "env"), directory: arguments.given(11))
        guard let command else { throw SpecFault("command is empty") }
        let deps = try arguments.strings(2, "deps").map(absolute)
        guard !deps.isEmpty else { throw SpecFault("deps is empty", hint: "name the files that the image is made of") }
        var build = CustomBuild(command: command, deps: deps)
        build.tag = try arguments.string(3, "tag", default: "")
        build.disablePush = try arguments.bool(4, "disable_push") ?? false
        build.skipsLocalDocker = try arguments.bool(5, "skips_local_docker") ?? false
        build.ignore = try arguments.strings(7, "ignore")
        build.entrypoint = try self.command(arguments[8], "entrypoint")?.arguments
        if arguments.given(9) != nil {
            build.outputsImageRefTo = absolute(try arguments.string(9, "outputs_image_ref_to"))
            guard build.tag.isEmpty else { throw SpecFault("tag and outputs_image_ref_to exclude each other") }
        }
        var image = Image(ref: ref, builder: .custom(build), liveUpdate: try liveUpdate(arguments.given(6), deps: deps))
        image.location = call.location
        state.images.append(image)
    }

    /// The ref without its tag, which is devloop's to choose.
    private func newRef(_ arguments: [Value?]) throws -> String {
        let text = try arguments.string(0, "ref")
        guard let name = ImageName(text), name.digest == nil else {
            throw SpecFault(
                "\"\(text)\" is no image reference", hint: "lower case, such as registry.example.com/team/app")
        }
        let ref = name.tag.map { String(text.dropLast($0.count + 1)) } ?? text
        if let first = state.images.first(where: { ImageName($0.ref)?.repository == name.repository }) {
            throw SpecFault(
                "image \"\(ref)\" is there already", hint: first.location.map { "it is there since \($0)" })
        }
        return ref
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
            return FileMapping(source: path, destination: Paths.clean(destination))
        }
    }
}
