// SPDX-License-Identifier: Apache-2.0

/// What the suites want otherwise, each with its reason. A difference that is not listed fails the run, and so does a
/// listed one that is no more.
package enum KnownDifferences {
    /// Reasons by `file:line`.
    package static let reasons: [String: String] = [:]

    /// The differences of a result that are not listed.
    package static func unlisted(in results: [FileResult]) -> [String] {
        results.flatMap { result in
            result.problems.filter { reasons["\(result.path):\($0.line)"] == nil }.map { problem in
                "\(result.path):\(problem.line): \(problem.text)"
            }
        }
    }

    /// Entries of the list that name a file of the results and do not occur there.
    package static func outdated(in results: [FileResult]) -> [String] {
        let found = Set(results.flatMap { result in result.problems.map { "\(result.path):\($0.line)" } })
        let paths = Set(results.map(\.path))
        return reasons.keys.sorted().filter { entry in
            let path = entry.split(separator: ":").first.map(String.init) ?? ""
            return paths.contains(path) && !found.contains(entry)
        }
    }
}
