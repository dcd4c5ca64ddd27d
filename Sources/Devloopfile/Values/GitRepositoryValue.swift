// SPDX-License-Identifier: Apache-2.0

import Starlark

/// What `local_git_repo(...)` makes: a directory whose paths are asked for.
final class GitRepositoryValue: ForeignValue {
    private let path: String

    init(_ path: String) { self.path = path }

    var typeName: String { "git.Repo" }
    var repr: String { "[gitRepo] '\(path)'" }
    var attrNames: [String] { ["paths"] }

    func attr(_ name: String) throws -> Value? {
        guard name == "paths" else { return nil }
        return .object(
            Builtin("paths") { [path] _, arguments in
                let values = try Parameters("paths", ["path?"]).bind(arguments)
                guard let value = values[0] else { return .string(path) }
                guard let part = value.asString else {
                    throw StarlarkError("paths: path must be a string, got \(value.typeName)")
                }
                return .string(Paths.resolve(part, in: path))
            })
    }
}
