// SPDX-License-Identifier: Apache-2.0

import CAgent

/// `attach`: joins standard input and output to the agent's socket; what `devloop` runs through exec.
///
/// It ends when the socket ends. An input that ends ends the connection too; one that never ends does no harm.
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
        return bridge(socket, Scratch(), Scratch())
    }

    private static func bridge(_ socket: Int32, _ input: Scratch, _ output: Scratch) -> Int32 {
        var pending = 0
        var sent = 0
        var inputOpen = true
        while true {
            var items = [
                pollfd(fd: inputOpen && pending == 0 ? 0 : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: socket, events: Int16(POLLIN | (pending > 0 ? POLLOUT : 0)), revents: 0),
            ]
            guard poll(&items, 2, -1) >= 0 else { continue }
            if items[1].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
                let count = dl_receive(socket, output.base, output.size)
                if count == 0 || (count < 0 && count != -DL_EAGAIN) { return 0 }
                if count > 0, dl_write_all(1, output.base, count) < 0 { return 0 }
            }
            if items[0].revents != 0 {
                let count = dl_read(0, input.base, input.size)
                if count <= 0 {
                    inputOpen = false
                    _ = dl_shutdown_write(socket)
                } else {
                    pending = count
                    sent = 0
                }
            }
            if pending > 0 {
                let count = dl_send(socket, input.base + sent, pending)
                if count > 0 {
                    sent += count
                    pending -= count
                } else if count != -DL_EAGAIN {
                    return 0
                }
            }
        }
    }
}
