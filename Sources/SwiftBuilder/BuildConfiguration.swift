// SPDX-License-Identifier: Apache-2.0

/// How the compiler works.
package enum BuildConfiguration: String, Sendable {
    /// Quick to build; for the loop.
    case debug
    /// Optimised; for what is shipped. Linked by SwiftPM, whole.
    case release

    /// lld links a large service a quarter faster than the default linker. In the loop its optimisation is off: merging
    /// equal strings orders them by their hashes, so that one changed text moves thousands of addresses. Without, a link
    /// takes 0.3 s less, and the executable differs in the text alone.
    package var flags: [String] {
        switch self {
        case .debug: ["-Xswiftc", "-use-ld=lld", "-Xlinker", "-O0"]
        case .release: ["-c", "release", "-Xswiftc", "-use-ld=lld"]
        }
    }
}
