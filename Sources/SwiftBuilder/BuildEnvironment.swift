// SPDX-License-Identifier: Apache-2.0

/// The variables that every `swift` child gets.
///
/// SwiftPM plans anew, which costs seconds, whenever any variable changes, so only what a build needs is passed on, and
/// it stays the same for the whole session. Without deterministic hashing each new plan may order compiler flags anew
/// and compile everything again.
package enum BuildEnvironment {
    private static let names: Set<String> = [
        "ALL_PROXY", "CC", "CPATH", "CXX", "HOME", "HTTPS_PROXY", "HTTP_PROXY", "LANG", "LC_ALL", "LD_LIBRARY_PATH",
        "LIBRARY_PATH", "LOGNAME", "NO_PROXY", "PATH", "PKG_CONFIG_PATH", "SDKROOT", "SSL_CERT_DIR", "SSL_CERT_FILE",
        "SWIFTLY_BIN_DIR", "SWIFTLY_HOME_DIR", "TMPDIR", "TOOLCHAINS", "USER", "XDG_CACHE_HOME", "all_proxy",
        "http_proxy", "https_proxy", "no_proxy",
    ]

    /// What is passed on of these variables.
    package static func filtered(_ variables: [String: String]) -> [String: String] {
        var kept = variables.filter { names.contains($0.key) }
        kept["SWIFT_DETERMINISTIC_HASHING"] = "1"
        return kept
    }
}
