// SPDX-License-Identifier: Apache-2.0

import CAgent

/// PID 1 of a dev container: starts the app, reaps, forwards signals, and takes change sets from `devloop`.
@main
struct Agent {
    static let version: StaticString = "0.1.0"
    static let defaultAppFolder: StaticString = "/devloop/app"

    static func main() {
        var arguments: [Bytes] = []
        var index: Int32 = 1
        while let pointer = dl_argument(index) {
            arguments.append(bytes(of: pointer))
            index += 1
        }
        guard let mode = arguments.first else { usage() }
        let rest = [Bytes](arguments.dropFirst())
        if mode == text("run") {
            guard let options = RunOptions(rest) else { usage() }
            Supervisor(options).run()
        } else if mode == text("attach") {
            dl_exit(Attach.run(rest))
        } else if mode == text("install") {
            dl_exit(Install.run(rest))
        } else if mode == text("read") {
            guard rest.count == 1, let path = rest.first else { usage() }
            dl_exit(Reading.run(path))
        } else if mode == text("--version") {
            var line = text(version)
            line.append(0x0A)
            line.withUnsafeBytes { _ = dl_write_all(1, $0.baseAddress, $0.count) }
            dl_exit(0)
        }
        usage()
    }

    static func usage() -> Never {
        let lines = text(
            """
            usage: devloop-agent run [--app-dir DIR] [--probe CHECK] [--grace SECONDS] [--stay] [--keep-parts SECONDS]
                       -- COMMAND [ARGUMENT...]
                   devloop-agent run --beside PID [--app-dir DIR] [--keep-parts SECONDS]
                   devloop-agent attach [--app-dir DIR]
                   devloop-agent install DESTINATION
                   devloop-agent read PATH
                   devloop-agent --version
            CHECK: http:PORT:/PATH, tcp:PORT or exec:COMMAND; then --probe-argument ARGUMENT for each argument of the
            command, --probe-header 'NAME: VALUE' for each header, --probe-timeout SECONDS for one attempt

            """)
        lines.withUnsafeBytes { _ = dl_write_all(2, $0.baseAddress, $0.count) }
        dl_exit(2)
    }
}
