// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import SyncProtocol

extension PodSyncSession {
    func readAll() async {
        var decoder = FrameDecoder(crc: crc)
        do {
            while let bytes = try await channel.receive() {
                decoder.append(bytes)
                while let output = try decoder.next() {
                    guard case .frame(let frame) = output, let message = Message(frame) else {
                        throw DevloopError(.protocolViolation, "data from the container's agent was damaged")
                    }
                    await handle(message, id: frame.id)
                }
                changed.notify()
            }
            await fail(Self.lost(nil))
        } catch is FrameDecoder.Failure {
            await fail(
                DevloopError(
                    .syncDisconnected, "the container's agent sent something that is no frame",
                    hint: "is devloop-agent what runs in this container?"))
        } catch {
            await fail(Self.lost(error))
        }
    }

    /// Asks for signs of life until the session ends. A ping is not waited for: on a stream that takes nothing any more
    /// it would wait for ever.
    func pingAlways() async {
        await withDiscardingTaskGroup { group in
            var token: UInt64 = 0
            while !Task.isCancelled, failure == nil {
                do {
                    try await Task.sleep(for: options.pingInterval)
                } catch {
                    return
                }
                guard unanswered < 3 else {
                    return await fail(DevloopError(.syncDisconnected, "the container's agent does not answer"))
                }
                unanswered += 1
                token += 1
                group.addTask { [token] in _ = try? await self.send(.ping(token)) }
            }
        }
    }

    /// Answers beside the reader, which must not wait for a full stream; one answer at a time is sign enough.
    private func answer(_ token: UInt64, id: UInt32) {
        guard answering == nil else { return }
        answering = Task {
            _ = try? await self.send(.pong(token), id: id)
            self.answering = nil
        }
    }

    private func handle(_ message: Message, id: UInt32) async {
        unanswered = 0
        switch message {
        case .welcome: if questions.contains(id) { replies[id] = message }
        case .state(let state):
            guard questions.contains(id) else { return }
            replies[id] = message
            // At once: what the next message tells is newer.
            let container = ContainerState(state, pages[id] ?? [], partPages[id] ?? [])
            states[id] = container
            known = container
        case .stateFiles(let page): pages[id]?.append(contentsOf: page)
        case .stateParts(let page): partPages[id]?.append(contentsOf: page)
        case .dataAcknowledged(let set, let bytes): progress.acknowledge(set, bytes)
        case .committed(let committed): if committed.set == lastTried { progress.committed[committed.set] = committed }
        case .ping(let token): answer(token, id: id)
        case .fault(let fault): await handle(fault, id: id)
        case .appStarted(let started):
            progress.start(started)
            known?.note(started)
            let digest = ContentDigest(bytes: started.executable)
            eventSink.yield(.appStarted(pid: started.pid, set: started.set, executable: digest))
        case .appExited(let exited):
            let exit = AppExit(exited)
            progress.end(exit)
            known?.note(exit)
            if exit.next == .rolledBack {
                // What we believed of the container is no longer so.
                known = nil
            }
            eventSink.yield(.appExited(exit))
        case .ready(let ready):
            progress.lastReady = ready
            let after = Duration.microseconds(Int64(clamping: ready.microseconds))
            eventSink.yield(ready.isReady ? .ready(pid: ready.pid, after: after) : .notReady(pid: ready.pid))
        default: return
        }
    }

    private func handle(_ fault: Fault, id: UInt32) async {
        switch fault.code {
        case .takenOver: await fail(DevloopError(fault, agent: agent))
        case .appStart, .appStartUndone:
            progress.failStart(fault)
            known?.noteFailedStart()
            let file = String(decoding: fault.place, as: UTF8.self)
            eventSink.yield(.appFailed(errno: fault.errno, file: file))
        case _ where fault.set != 0: if fault.set == lastTried { progress.faults[fault.set] = fault }
        // The frame that opens a set was damaged: the agent knows no set yet.
        case _ where id != 0 && id == Frame.setID(lastTried): progress.faults[lastTried] = fault
        case _ where id != 0: if questions.contains(id) { replies[id] = .fault(fault) }
        default: await fail(DevloopError(fault, agent: agent))
        }
    }
}

extension AppExit {
    init(_ exited: AppExited) {
        pid = exited.pid
        code = exited.code
        signal = exited.signal == 0 ? nil : exited.signal
        uptime = .milliseconds(Int64(clamping: exited.uptime))
        set = exited.set
        switch exited.next {
        case .restart: next = .restart
        case .wait: next = .wait
        case .end: next = .end
        case .rolledBack: next = .rolledBack
        }
    }
}
