// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import StarlarkConformance
import Testing

/// The public conformance data, which lies outside of the repository.
enum ConformanceData {
    /// `DEVLOOP_CONFORMANCE`, else `shared/conformance/starlark` beside the checkout.
    static let path: String = {
        let beside = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(5)
        return ProcessInfo.processInfo.environment["DEVLOOP_CONFORMANCE"]
            ?? beside.joined(separator: "/") + "/shared/conformance/starlark"
    }()

    /// The folder; nil when the data is not there.
    static let folder = ConformanceFolder(path)

    static var isPresent: Bool { folder != nil }

    /// Whether this is a run that must not leave anything out.
    static let isRequired = ProcessInfo.processInfo.environment["CI"] == "true"

    static let absence: Comment = "the conformance data is not beside the checkout"
}
