// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import ProcessRunner

/// The Swift toolchain that builds.
package struct Toolchain: Sendable, Hashable {
    /// Absolute path of `swift`, as found on `PATH`; it may be a launcher such as swiftly's.
    package var swift: String
    /// The folder with the compiler and the LLVM tools.
    package var tools: String
    /// `Swift version 6.3.1 (swift-6.3.1-RELEASE)`.
    package var version: String
    /// `x86_64-unknown-linux-gnu`.
    package var triple: String
    /// Folders with the runtime's shared libraries.
    package var runtimeLibraries: [String]

    /// Asks `swift` about itself.
    /// - Throws: ``DevloopError`` with code `build` that tells what to install.
    package static func find(environment: [String: String]) async throws -> Toolchain {
        let swift: String
        do {
            swift = try ProgramSearch.resolve("swift", path: environment["PATH"])
        } catch {
            throw DevloopError(
                .build, "the Swift toolchain was not found: there is no 'swift' on PATH",
                hint: "install Swift 6 from https://www.swift.org/install, or put its usr/bin on PATH", cause: error)
        }
        let result = try await ProcessRunner.run(
            ProcessCommand([swift, "-print-target-info"], environment: .exact(environment)))
        guard result.status.isSuccess, let info = try? JSONValue(parsing: result.stdout),
            let version = info["compilerVersion"]?.string, let triple = info.at("target", "triple")?.string,
            let resources = info.at("paths", "runtimeResourcePath")?.string
        else {
            let reason = result.errorText.split(separator: "\n").first.map { ": \($0)" } ?? ""
            throw DevloopError(
                .build, "'\(swift)' does not work as a Swift toolchain\(reason)",
                hint: "swift --version should print 6.0 or newer; install from https://www.swift.org/install")
        }
        let libraries = info.at("paths", "runtimeLibraryPaths")?.array ?? []
        return Toolchain(
            swift: swift, tools: tools(resources), version: version, triple: triple,
            runtimeLibraries: libraries.compactMap(\.string))
    }

    /// `<root>/usr/lib/swift` lies beside `<root>/usr/bin`.
    private static func tools(_ resources: String) -> String {
        let parts = resources.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        return parts.joined(separator: "/") + "/bin"
    }

    /// The program that Swift's runtime starts to write a backtrace, without libraries of its own; nil when there is none.
    package var backtracer: String? {
        let root = tools.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let path = "\(root)/libexec/swift/linux/swift-backtrace-static"
        return access(path, X_OK) == 0 ? path : nil
    }

    /// A tool of the toolchain, else one on `PATH`; nil when there is neither.
    package func tool(_ name: String, path: String?) -> String? {
        let own = "\(tools)/\(name)"
        if access(own, X_OK) == 0 { return own }
        return try? ProgramSearch.resolve(name, path: path)
    }
}
