// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The programs that were built together with the tests.
package enum BuiltProducts {
    /// The directory that holds the test program and, beside it, `devloop` and `devloop-agent`.
    package static let directory: String = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        // The tests may be run by a helper of the toolchain that loads them, so the program is looked for by what it
        // has open first: the test binary lies in the build folder, which the arguments name.
        for argument in CommandLine.arguments {
            guard argument.hasSuffix(".xctest"), let real = realpath(argument, nil) else { continue }
            defer { free(real) }
            return parent(String(cString: real))
        }
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { return "." }
        return parent(String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }()

    /// The path of a program, such as `devloop`.
    package static func path(_ program: String) -> String { "\(directory)/\(program)" }

    private static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return String(path[..<slash])
    }
}
