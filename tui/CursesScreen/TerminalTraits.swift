// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the environment says about the terminal, before it is opened.
package struct TerminalTraits: Sendable {
    /// `NO_COLOR` empty or unset; terminfo may still have no colours.
    package var usesColor: Bool
    /// The locale is not UTF-8, or the terminal is the Linux console: no box characters.
    package var isASCII: Bool
    /// The session came over ssh.
    package var isRemote: Bool

    /// - Parameter environment: looks up a variable; nil when it is not set.
    package init(environment: (String) -> String?) {
        func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
        usesColor = value("NO_COLOR") == nil
        let locale = value("LC_ALL") ?? value("LC_CTYPE") ?? value("LANG") ?? "C"
        let lower = locale.lowercased()
        isASCII = !(lower.hasSuffix("utf-8") || lower.hasSuffix("utf8")) || environment("TERM") == "linux"
        isRemote = value("SSH_TTY") != nil
    }

    /// The traits of this process.
    package static func current() -> TerminalTraits {
        TerminalTraits { name in getenv(name).map { String(cString: $0) } }
    }
}
