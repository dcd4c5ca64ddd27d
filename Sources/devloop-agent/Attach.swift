// SPDX-License-Identifier: Apache-2.0

import CAgent

/// `attach`: gives its standard input and output to the agent; what `devloop` runs through exec.
///
/// It ends when the agent ends the connection, which the end of the input brings about; one that never ends does no harm.
enum Attach {
    static func run(_ arguments: [Bytes]) -> Int32 {
        var folder = text(Agent.defaultAppFolder)
        if arguments.count == 2, arguments[0] == text("--app-dir") {
            folder = arguments[1]
        } else if !arguments.isEmpty {
            Agent.usage()
        }
        let path = folder + text("/") + PathRules.ownFolder + text("/socket")
        // The container may have been started this very moment.
        let deadline = now() + 2_000
        var socket = withC(path) { dl_connect($0) }
        while socket == -Int32(DL_ENOENT) || socket == -Int32(DL_ECONNREFUSED), now() < deadline {
            _ = poll(nil, 0, 10)
            socket = withC(path) { dl_connect($0) }
        }
        guard socket >= 0 else {
            say(path, text(": "), errorText(-socket))
            return 1
        }
        return handOver(socket)
    }

    /// Gives our input and output to the agent, which reads and writes them itself: a message that went through us would
    /// cost two more turns of the processor in each direction, in each container.
    private static func handOver(_ socket: Int32) -> Int32 {
        let result = dl_send_pair(socket, 0, 1)
        guard result >= 0 else {
            say(text("the agent's socket: "), errorText(-result))
            return 1
        }
        // Ours would keep them open when the agent closes its own.
        _ = dl_close(0)
        _ = dl_close(1)
        var item = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        while poll(&item, 1, -1) < 0 {}
        return 0
    }
}
