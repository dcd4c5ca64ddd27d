// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ProcessRunner

/// The shared libraries that a program needs, found by the system's own loader.
package struct SharedLibraries: Sendable, Equatable {
    /// Name (as the program asks for it) and file of each library.
    package var libraries: [(name: String, path: String)]
    /// Absolute path of the dynamic loader, which must be at the same place in the image.
    package var loader: String?
    /// Names that were not found.
    package var missing: [String]

    package static func == (left: SharedLibraries, right: SharedLibraries) -> Bool {
        left.loader == right.loader && left.missing == right.missing
            && left.libraries.elementsEqual(right.libraries) { $0.name == $1.name && $0.path == $1.path }
    }

    /// Reads what `ldd` prints: `name => path (address)`, `path (address)` for the loader, `name => not found`.
    package init(parsing text: String) {
        libraries = []
        missing = []
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let name = words.first else { continue }
            if words.count >= 3, words[1] == "=>" {
                if words[2].hasPrefix("/") {
                    if name.hasPrefix("/") { loader = name } else { libraries.append((name, words[2])) }
                } else {
                    missing.append(name)
                }
            } else if name.hasPrefix("/"), name.contains("ld-linux") || name.contains("/ld-") {
                loader = name
            }
        }
        libraries.sort { $0.name < $1.name }
    }

    /// Asks `ldd`, which lists libraries of libraries too.
    /// - Parameter searching: name and file of libraries that the build made for the program; their folders are searched.
    package static func of(
        _ program: String, searching made: [(name: String, path: String)] = []
    ) async throws -> SharedLibraries {
        let folders = made.compactMap { library in
            library.path.lastIndex(of: "/").map { String(library.path[..<$0]) }
        }
        let before = ProcessEnvironment.value("LD_LIBRARY_PATH").map { [$0] } ?? []
        let search = (Set(folders).sorted() + before).joined(separator: ":")
        let variables = folders.isEmpty ? [:] : ["LD_LIBRARY_PATH": search]
        let result = try await ProcessRunner.run(
            ProcessCommand(["ldd", program], environment: .inherit(adding: variables)))
        let text = result.outputText
        if !result.status.isSuccess,
            text.contains("not a dynamic executable") || result.errorText.contains("not a dynamic")
        {
            return SharedLibraries(parsing: "")
        }
        let found = SharedLibraries(parsing: text)
        if let name = found.missing.first {
            throw DevloopError(
                .image, "\(program) needs \(name), which is not on this machine",
                hint: "install the package that has it, and build again")
        }
        return found
    }
}
