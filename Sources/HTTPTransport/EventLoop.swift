// SPDX-License-Identifier: Apache-2.0

import CCurl
import DevloopCore
import Glibc
import Synchronization

/// One thread that drives transfers of a client, and waits for the sockets of its raw connections. It sleeps in one
/// `poll` and is woken by sockets, by libcurl's own timers, or by a command.
final class EventLoop: Sendable {
    enum Command {
        case add(Transfer)
        case remove(Transfer)
        case resume(Transfer)
        case stop
    }

    private struct Queue {
        var commands: [Command] = []
        var isStopped = false
    }

    let settings: ConnectionSettings
    /// The raw connections.
    let sockets: SocketWatch
    private let multi: MultiHandle
    private let queue = Mutex(Queue())

    private init(settings: ConnectionSettings, multi: MultiHandle, sockets: SocketWatch) {
        self.settings = settings
        self.sockets = sockets
        self.multi = multi
    }

    // The thread holds a reference while it runs: nobody can wake a freed handle.
    deinit { multi.free() }

    /// Starts the thread.
    static func start(_ settings: ConnectionSettings) throws -> EventLoop {
        guard let multi = MultiHandle() else { throw DevloopError(.process, "libcurl cannot be initialised") }
        guard let sockets = SocketWatch() else {
            multi.free()
            throw DevloopError(.process, "no descriptor for waiting is left", hint: "raise the limit of open files")
        }
        let loop = EventLoop(settings: settings, multi: multi, sockets: sockets)
        try Thread.detach { loop.run() }
        return loop
    }

    func post(_ command: Command) {
        let isStopped = queue.withLock { queue in
            if !queue.isStopped {
                if case .stop = command { queue.isStopped = true }
                queue.commands.append(command)
                return false
            }
            return true
        }
        if !isStopped {
            multi.wake()
        } else {
            refuse(command)
        }
    }

    private func refuse(_ command: Command) {
        switch command {
        case .add(let transfer): transfer.finish(.failure(HTTPFailure.shutDown(transfer.request.address)))
        case .remove, .resume, .stop: break
        }
    }

    private func run() {
        var driver = LoopDriver(multi: multi, sockets: sockets, settings: settings)
        while true {
            let commands = queue.withLock { queue in
                defer { queue.commands = [] }
                return queue.commands
            }
            for command in commands {
                guard case .stop = command else {
                    driver.perform(command)
                    continue
                }
                driver.stop()
                return
            }
            driver.step()
        }
    }
}
