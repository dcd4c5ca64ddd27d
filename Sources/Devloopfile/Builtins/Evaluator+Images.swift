// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

extension Evaluator {
    func imageBuiltins() -> [Builtin] {
        [
            define(
                "swift_image", "ref", "package?", "product?", "base?", "args?", "env?", "resources?", "live_update?",
                "live?", "match_in_env_vars?", "user?", "workdir?", "ports?", "roll_back?"
            ) { evaluator, call in
                try evaluator.addSwiftImage(call)
                return .none
            },
            define("docker_build", parameters: Self.dockerBuildParameters) { evaluator, call in
                try evaluator.addDockerBuild(call)
                return .none
            },
            define(
                "custom_build", "ref", "command", "deps", "tag?", "disable_push?", "skips_local_docker?",
                "live_update?", "match_in_env_vars?", "ignore?", "entrypoint?", "container_args?", "command_bat_val?",
                "outputs_image_ref_to?", "command_bat?", "image_deps?", "env?", "dir?", "exit_policy?"
            ) { evaluator, call in
                try evaluator.addCustomBuild(call)
                return .none
            },
            define("image_loader", "command") { evaluator, call in
                guard let command = try evaluator.command(call.raw("command"), "command") else {
                    throw SpecFault("command is empty")
                }
                guard evaluator.state.settings.imageLoader == nil else { throw SpecFault("is there already") }
                evaluator.state.settings.imageLoader = command
                return .none
            },
            define("default_registry", "host", "host_from_cluster?", "single_name?") { evaluator, call in
                let host = try call.string("host")
                guard !host.isEmpty, !host.contains("://") else {
                    throw SpecFault(
                        "\"\(host)\" is no registry host", hint: "write it without a scheme: localhost:5000")
                }
                guard evaluator.state.settings.defaultRegistry == nil else { throw SpecFault("is there already") }
                let fromCluster = try call.string("host_from_cluster", default: "")
                evaluator.state.settings.defaultRegistry = DefaultRegistry(
                    host: host, hostFromCluster: fromCluster.isEmpty ? nil : fromCluster,
                    singleName: try call.string("single_name", default: ""))
                return .none
            },
        ]
    }

    private func addCustomBuild(_ call: BuiltinCall) throws {
        let ref = try newRef(call)
        let command = try command(
            call.raw("command"), "command", environment: call.dictionary("env"), directory: call.value("dir"))
        guard let command else { throw SpecFault("command is empty") }
        let deps = try call.strings("deps").map(absolute)
        guard !deps.isEmpty else { throw SpecFault("deps is empty", hint: "name the files that the image is made of") }
        var build = CustomBuild(command: command, deps: deps)
        build.tag = try call.string("tag", default: "")
        build.disablePush = try call.bool("disable_push") ?? false
        build.skipsLocalDocker = try call.bool("skips_local_docker") ?? false
        for directory in deps where Files.kind(directory) == .directory {
            try addIgnoreFile(Paths.resolve(".dockerignore", in: directory), base: directory, to: &build.ignored)
        }
        build.ignored.add(try call.strings("ignore"), relativeTo: currentDirectory)
        if call.value("outputs_image_ref_to") != nil {
            build.outputsImageRefTo = absolute(try call.string("outputs_image_ref_to"))
            guard build.tag.isEmpty else { throw SpecFault("tag and outputs_image_ref_to exclude each other") }
        }
        var image = Image(ref: ref, builder: .custom(build), liveUpdate: try liveUpdate(call.value("live_update")))
        image.dependencies = try call.strings("image_deps")
        try setContainer(&image, call)
        add(image, call)
    }

    /// What `docker_build` and `custom_build` say of the container that runs the image.
    func setContainer(_ image: inout Image, _ call: BuiltinCall) throws {
        image.matchesEnvironment = try call.bool("match_in_env_vars") ?? false
        image.entrypoint = try command(call.raw("entrypoint"), "entrypoint")?.arguments
        let exitPolicy = try call.string("exit_policy", default: "restart")
        guard exitPolicy == "restart" || exitPolicy == "continue" else {
            throw SpecFault("there is no exit_policy \"\(exitPolicy)\"", hint: "policies: restart, continue")
        }
        image.staysAfterExit = exitPolicy == "continue"
        if call.value("container_args") != nil { image.containerArguments = try call.strings("container_args") }
    }

    func add(_ image: Image, _ call: BuiltinCall) {
        var image = image
        image.location = call.location
        state.images.append(image)
    }

    /// The ref that the call names, checked to be a new one.
    func newRef(_ call: BuiltinCall) throws -> String {
        let text = try call.string("ref")
        guard let name = ImageName(text), name.digest == nil else {
            throw SpecFault(
                "\"\(text)\" is no image reference", hint: "lower case, such as registry.example.com/team/app")
        }
        let known = state.images.first { image in
            ImageName(image.ref).map { $0.repository == name.repository && $0.tag == name.tag } ?? false
        }
        if let known {
            throw SpecFault(
                "image \"\(text)\" is there already", hint: known.location.map { "it is there since \($0)" })
        }
        return text
    }

    /// Takes in an ignore file, when there is one. A new one is seen as a change of the image's own files.
    func addIgnoreFile(_ path: String, base: String, to filter: inout PathFilter) throws {
        guard Files.kind(path) == .file else { return }
        let text = String(decoding: try readWatched(path), as: UTF8.self)
        filter.add(text.split(whereSeparator: \.isNewline), relativeTo: base)
    }

    /// The directory of a Swift package that an argument names.
    func packageDirectory(_ call: BuiltinCall, _ parameter: String) throws -> String {
        let package = absolute(try call.string(parameter, default: "."))
        guard Files.kind(package) == .directory else {
            state.watch(package)
            throw SpecFault("package \"\(display(package))\" is no directory")
        }
        let manifest = Paths.resolve("Package.swift", in: package)
        guard Files.kind(manifest) == .file else {
            state.watch(manifest)
            throw SpecFault(
                "there is no \"\(display(manifest))\"", hint: "\(parameter)= names the directory of a Swift package")
        }
        return package
    }
}
