// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Builds Swift packages; one build at a time in each.
package protocol BuildPort: Sendable {
    /// The executable products of the package that a change of these files makes stale; empty when it does not use them.
    func products(of package: String, affectedBy files: [String]) async throws -> Set<String>
    /// Directories and files whose change can matter to the package, local path dependencies included.
    func roots(of package: String) async throws -> [String]
    /// The executable product to use when the spec names none.
    func onlyProduct(of package: String) async throws -> String
    /// Builds everything that is stale. Cancelling the task ends the compilers and leaves the scratch path sound.
    func build(_ request: BuildWork, onEvent: @escaping @Sendable (BuildNotice) -> Void) async throws -> BuildEnd
}

package struct BuildWork: Sendable {
    /// Absolute directory.
    package var package: String
    package var products: Set<String>
    /// Absolute paths of files changed since the last build.
    package var changedFiles: Set<String>

    package init(package: String, products: Set<String>, changedFiles: Set<String>) {
        self.package = package
        self.products = products
        self.changedFiles = changedFiles
    }
}

package enum BuildNotice: Sendable {
    /// The reason is told where a build takes longer than it could: why.
    case started(command: String, reason: String?)
    case progressed(done: Int, of: Int, step: String)
    case diagnosed(BuildDiagnostic)
    /// Another process holds the scratch path.
    case held(String)
}

package struct BuildDiagnostic: Hashable, Sendable {
    package var severity: String
    package var location: SourceLocation
    package var message: String

    package init(severity: String, location: SourceLocation, message: String) {
        self.severity = severity
        self.location = location
        self.message = message
    }
}

package enum BuildEnd: Sendable {
    /// The executables by product, and how long each stage took, in milliseconds (`build`, `link`, `strip`).
    case succeeded([String: Artifact], stages: [(String, Int)])
    /// With the last lines of output, for failures that name no place.
    case failed([BuildDiagnostic], output: String)
}

/// A built executable, ready to ship.
package struct Artifact: Hashable, Sendable {
    /// A shared library that the program was linked with, and that it finds in the folder `lib` beside itself.
    package struct Library: Hashable, Sendable {
        package var name: String
        /// The stripped copy.
        package var path: String
        /// SHA-256 of the stripped copy in hexadecimal.
        package var digest: String
        /// The library as it was linked; nil when it is not at hand.
        package var original: String?

        package init(name: String, path: String, digest: String, original: String? = nil) {
            self.name = name
            self.path = path
            self.digest = digest
            self.original = original
        }
    }

    /// A file of a resource bundle.
    package struct Resource: Hashable, Sendable {
        /// Relative to the program's folder: `demo_App.resources/page.html`.
        package var name: String
        /// Absolute path on this machine.
        package var path: String
        /// SHA-256 in hexadecimal.
        package var digest: String

        package init(name: String, path: String, digest: String) {
            self.name = name
            self.path = path
            self.digest = digest
        }
    }

    /// The stripped copy.
    package var path: String
    /// SHA-256 of the stripped copy in hexadecimal.
    package var digest: String
    /// From what changes least to what changes most.
    package var libraries: [Library]
    /// Files that it finds beside itself.
    package var resources: [Resource]
    /// The program as it was linked, with its section table; nil when it is not at hand.
    package var original: String?

    package init(
        path: String, digest: String, libraries: [Library] = [], resources: [Resource] = [], original: String? = nil
    ) {
        self.path = path
        self.digest = digest
        self.libraries = libraries
        self.resources = resources
        self.original = original
    }
}
