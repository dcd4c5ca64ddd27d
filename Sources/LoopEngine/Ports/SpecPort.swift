// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

/// Evaluates the Devloopfile.
package protocol SpecPort: Sendable {
    func evaluate() async -> SpecOutcome
}

/// A plan or an error, and in both cases the files whose change is worth another try.
package struct SpecOutcome: Sendable {
    package var plan: Plan?
    package var error: DevloopError?
    /// Absolute paths.
    package var watchedFiles: [String]
    /// What the spec printed, line by line.
    package var output: [String]
    /// The file that was found; nil when there is none.
    package var file: String?
    /// Whether a watched file is no longer what the evaluation read.
    package var isOutdated: @Sendable () -> Bool

    package init(
        plan: Plan?, error: DevloopError?, watchedFiles: [String], output: [String], file: String?,
        isOutdated: @escaping @Sendable () -> Bool = { false }
    ) {
        self.plan = plan
        self.error = error
        self.watchedFiles = watchedFiles
        self.output = output
        self.file = file
        self.isOutdated = isOutdated
    }
}
