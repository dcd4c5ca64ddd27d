// SPDX-License-Identifier: Apache-2.0

import Plan
import Starlark

extension Evaluator {
    static let dockerBuildParameters = [
        "ref", "context", "build_args?", "dockerfile?", "dockerfile_contents?", "cache?", "live_update?",
        "match_in_env_vars?", "ignore?", "only?", "entrypoint?", "container_args?", "target?", "ssh?", "network?",
        "secret?", "extra_tag?", "cache_from?", "pull?", "platform?", "extra_hosts?", "exit_policy?",
    ]

    func addDockerBuild(_ call: BuiltinCall) throws {
        let ref = try newRef(call)
        guard let contextText = try call.text("context"), !contextText.isEmpty else {
            throw SpecFault("context is empty", hint: "name the directory that the Dockerfile reads from")
        }
        let context = absolute(contextText)
        var build = try dockerfile(call, context: context)
        build.arguments = try call.value("build_args")?.dictionary("build_args", allowsBlobs: true) ?? [:]
        build.target = try call.string("target", default: "")
        build.platform = try call.string("platform", default: variable("DOCKER_DEFAULT_PLATFORM") ?? "")
        build.network = try call.string("network", default: "")
        build.ssh = try call.strings("ssh").filter { !$0.isEmpty }
        build.secrets = try call.strings("secret").filter { !$0.isEmpty }
        build.cacheFrom = try call.strings("cache_from")
        build.extraTags = try call.strings("extra_tag").filter { !$0.isEmpty }
        build.extraHosts = try call.strings("extra_hosts")
        build.pull = try call.bool("pull") ?? false
        for tag in build.extraTags where ImageName(tag) == nil {
            throw SpecFault("extra_tag \"\(tag)\" is no image reference")
        }
        build.only = try call.strings("only").map { path in
            guard !path.contains("*") else {
                throw SpecFault("only: \"\(path)\" is a pattern", hint: "only takes paths; ignore takes patterns")
            }
            return Paths.resolve(path, in: context)
        }
        try addIgnoreFile(ignoreFile(of: build, context: context), base: context, to: &build.ignored)
        build.ignored.add(try call.strings("ignore"), relativeTo: context)
        let facts = Dockerfile(build.text, arguments: build.arguments)
        let steps = try liveUpdate(call.value("live_update"))
        var image = Image(ref: ref, builder: .docker(build), liveUpdate: steps)
        image.dependencies = facts.images
        try setContainer(&image, call)
        add(image, call)
        if call.value("cache") != nil { notice("the parameter cache of docker_build", call) }
    }

    private func dockerfile(_ call: BuiltinCall, context: String) throws -> DockerBuild {
        let text = try call.text("dockerfile_contents")
        if let text, !text.isEmpty {
            guard call.value("dockerfile") == nil else {
                throw SpecFault("dockerfile and dockerfile_contents exclude each other")
            }
            return DockerBuild(context: context, dockerfile: nil, text: text)
        }
        let given = call.value("dockerfile") == nil ? nil : absolute(try call.string("dockerfile"))
        let path = given ?? Paths.resolve("Dockerfile", in: context)
        let bytes = try readWatched(path)
        return DockerBuild(context: context, dockerfile: path, text: String(decoding: bytes, as: UTF8.self))
    }

    /// An ignore file of the Dockerfile's own name comes before the context's, as in Docker.
    private func ignoreFile(of build: DockerBuild, context: String) -> String {
        if let dockerfile = build.dockerfile {
            let own = dockerfile + ".dockerignore"
            if Files.kind(own) == .file { return own }
        }
        return Paths.resolve(".dockerignore", in: context)
    }
}
