// SPDX-License-Identifier: Apache-2.0

import Starlark

/// Runs files of the starlark-go suite.
package struct GoSuite {
    let folder: ConformanceFolder

    /// The suite in a folder of suites.
    package init(_ folder: ConformanceFolder) {
        self.folder = folder
    }

    static func dialect(of source: String) -> Dialect {
        let has = { (name: String) in source.contains("option:" + name) }
        return Dialect(
            set: has("set"), globalReassign: has("globalreassign"), recursion: has("recursion"),
            topLevelControl: has("toplevelcontrol"), whileLoops: has("while"),
            loadBindsGlobally: has("loadbindsglobally"))
    }

    /// Runs each program of a file, named relative to the suite.
    package func run(_ path: String) throws -> FileResult {
        let file = try ChunkedFile("starlark-go/" + path, in: folder)
        var result = FileResult(path: file.path)
        for chunk in file.chunks {
            let run = GoChunkRun(folder: folder, name: "/data/" + file.path)
            result.add(run.evaluate(chunk))
            result.messages += run.messages
        }
        return result
    }

    /// Parses or resolves only, as the files about errors want it; compares all errors line by line.
    package func check(_ path: String, parseOnly: Bool) throws -> FileResult {
        let file = try ChunkedFile("starlark-go/" + path, in: folder)
        var result = FileResult(path: file.path)
        for chunk in file.chunks {
            let source = Array(chunk.source.utf8)
            var errors = Starlark.parseErrors(file: file.path, source: source)
            if errors.isEmpty && !parseOnly {
                errors = Starlark.check(
                    file: file.path, source: source, dialect: Self.dialect(of: chunk.source), predeclared: ["M", "U"])
            }
            result.add(Expectation.compare(errors.map { ($0.position.line, $0.message) }, with: chunk))
        }
        return result
    }

    /// A file that must parse, and nothing else.
    package func parse(_ path: String) throws -> FileResult {
        let file = "starlark-go/" + path
        var result = FileResult(path: file)
        let errors = Starlark.parseErrors(file: file, source: try folder.bytes(file))
        result.add(errors.map { .init(line: $0.position.line, text: $0.message) })
        return result
    }
}
