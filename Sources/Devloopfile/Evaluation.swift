// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

/// What came of evaluating a spec.
package struct Evaluation: Sendable {
    /// nil exactly when there is an ``error``.
    package var plan: Plan?
    package var error: DevloopError?
    /// Absolute paths whose change is worth another try; also there when the evaluation failed.
    package var watchedFiles: [String] = []
    /// Lines of `print()` and of commands that the spec ran.
    package var output: [String] = []
    /// How long the calls of builtins took, without what they called in turn.
    package var timings: [BuiltinTimings.Row] = []
    /// Absolute path of the spec; nil when none was found.
    package var file: String?

    /// What the watched paths were when they were read.
    var stamps: [String: FileStamp] = [:]

    /// Whether a watched path is no longer what was read: whoever starts to watch after the evaluation asks this.
    package var isOutdated: Bool { stamps.contains { FileStamp(of: $0.key) != $0.value } }

    package init() {}
}
