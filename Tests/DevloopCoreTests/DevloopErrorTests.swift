// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing

@Suite struct DevloopErrorTests {
    struct Case: Sendable {
        var error: DevloopError
        var description: String
        var report: String
    }

    @Test(arguments: [
        Case(error: DevloopError(.spec, "bad"), description: "bad", report: "bad"),
        Case(
            error: DevloopError(.spec, "bad", at: SourceLocation(file: "f"), hint: "mend"), description: "f: bad",
            report: "f: bad\nhint: mend"),
        Case(
            error: DevloopError(.spec, "bad", at: SourceLocation(file: "f", line: 3)), description: "f:3: bad",
            report: "f:3: bad"),
        Case(
            error: DevloopError(
                .spec, "bad", at: SourceLocation(file: "f", line: 3, column: 4), hint: "mend", backtrace: ["a", "b"]),
            description: "f:3:4: bad", report: "f:3:4: bad\n  a\n  b\nhint: mend"),
        // A column without a line says nothing.
        Case(
            error: DevloopError(.spec, "bad", at: SourceLocation(file: "f", column: 4)), description: "f: bad",
            report: "f: bad"),
    ])
    func reads(_ one: Case) {
        #expect(one.error.description == one.description)
        #expect(one.error.report == one.report)
    }

    /// The exit codes that scripts rely on.
    @Test(
        arguments: [
            (.build, 1), (.sync, 1), (.image, 1), (.unhealthy, 1), (.objectRefused, 1), (.usage, 2), (.spec, 3),
            (.contextNotAllowed, 3), (.yaml, 3), (.kubeconfig, 4), (.clusterUnreachable, 4), (.clusterRefused, 4),
            (.interrupted, 130),
        ] as [(DevloopError.Code, Int32)])
    func endsWith(_ code: DevloopError.Code, _ exit: Int32) { #expect(code.exit.rawValue == exit) }
}
