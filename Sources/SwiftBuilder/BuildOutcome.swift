// SPDX-License-Identifier: Apache-2.0

/// What is to be built.
package struct BuildRequest: Sendable {
    /// Executable products whose artifacts are wanted; empty means all that the package has.
    package var products: [String]
    /// Absolute paths that have changed since the last build that succeeded; those of builds that failed or were
    /// superseded are remembered.
    package var changedFiles: [String]
    /// Of the node, as Kubernetes has it; nil builds for this machine.
    package var architecture: String?

    package init(products: [String], changedFiles: [String] = [], architecture: String? = nil) {
        self.architecture = architecture
        self.products = products
        self.changedFiles = changedFiles
    }
}

/// A program that was built.
package struct BuildArtifact: Sendable, Hashable {
    /// A shared library that was linked for it, and that it finds in the folder `lib` beside itself.
    package struct Library: Sendable, Hashable {
        package var name: String
        /// Absolute path.
        package var path: String
    }

    package var product: String
    /// Absolute path of the executable.
    package var path: String
    /// Bytes.
    package var size: Int
    /// From what changes least to what changes most; empty for a program that is linked as a whole.
    package var libraries: [Library] = []
    /// Absolute folders of the resources that its targets find beside it, as `Bundle.module`.
    package var bundles: [String] = []
}

/// How a build has ended. A cancelled one throws `CancellationError`: its changed files are remembered.
package enum BuildOutcome: Sendable {
    case succeeded(BuildSuccess)
    case failed(BuildFailure)
}

package struct BuildSuccess: Sendable {
    /// One for each product of the request, in its order.
    package var artifacts: [BuildArtifact]
    /// Without the link.
    package var duration: Duration
    /// Of the link that devloop makes itself.
    package var link: Duration
    /// Those with a place; SwiftPM's own remarks on packages are left out.
    package var warnings: [Diagnostic]
}

package struct BuildFailure: Sendable {
    /// Errors first, each once; empty when nothing names one.
    package var diagnostics: [Diagnostic]
    /// The last lines of the output, for what no diagnostic tells.
    package var outputTail: [String]
    package var duration: Duration

    /// The files that were saved while they were compiled, in order, if nothing else is wrong.
    var filesSavedMeanwhile: [String]? {
        let errors = diagnostics.filter { $0.severity == .error }
        let files = errors.compactMap(\.fileSavedMeanwhile)
        return files.isEmpty || files.count < errors.count ? nil : Set(files).sorted()
    }
}

/// What happens during a build.
package enum BuildEvent: Sendable {
    /// With the command line, and why it is SwiftPM's where the driver could have built; nil where that is no question.
    case started(String, because: String?)
    /// Step `done` of `total`; the total grows while the build goes on.
    case progressed(done: Int, total: Int, step: String)
    case diagnosed(Diagnostic)
    /// The build waits for something outside of devloop: why.
    case held(String)
    /// A changed file was not compiled, or saved while it was compiled, so the build is repeated for it.
    case repeated(files: [String])
}
