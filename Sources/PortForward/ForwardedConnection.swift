// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Synchronization

/// One client and its way into a Pod, from the first try to the end of both.
struct ForwardedConnection: Sendable {
    private enum Step { case clientEnded, farEnded, refused }

    /// When something last came, and from whom.
    private struct Activity {
        var last = ContinuousClock.now
        var isAnswerDue = false
        /// The client has broken the connection instead of ending its side.
        var isClientGone = false
    }

    private final class Pulse: Sendable {
        let activity = Mutex(Activity())
    }

    private let client: any ByteChannel
    private let dial: Forwarder.Dial
    private let patience: ForwardPatience
    private let input = ClientInput()
    private let pulse = Pulse()

    init(_ client: any ByteChannel, dial: @escaping Forwarder.Dial, patience: ForwardPatience) {
        self.client = client
        self.dial = dial
        self.patience = patience
    }

    func run() async {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await readClient() }
                await carryOn()
                await input.stop()
                // The reader wakes.
                await client.close()
            }
        } onCancel: {
            Task { [client, input] in
                await input.stop()
                await client.close()
            }
        }
    }

    /// Connects, and carries bytes until one side ends; once more when the Pod was there and its port was not, as while a
    /// process restarts.
    private func carryOn() async {
        let end = ContinuousClock.now + patience.dial
        while let far = await connect(until: end) {
            let isRefused = await carry(far)
            guard isRefused, ContinuousClock.now + patience.pause < end, await input.restart() else { return }
            guard (try? await Task.sleep(for: patience.pause)) != nil else { return }
        }
    }

    private func connect(until end: ContinuousClock.Instant) async -> (any ByteChannel)? {
        while !Task.isCancelled {
            if let far = await dialOnce(until: end) { return far }
            guard ContinuousClock.now + patience.pause < end else { return nil }
            try? await Task.sleep(for: patience.pause)
        }
        return nil
    }

    private func dialOnce(until end: ContinuousClock.Instant) async -> (any ByteChannel)? {
        await withTaskGroup(of: (any ByteChannel)?.self) { group in
            group.addTask { try? await dial() }
            group.addTask {
                try? await Task.sleep(until: end, clock: .continuous)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    /// - Returns: Whether nobody in the Pod took the connection.
    private func carry(_ far: any ByteChannel) async -> Bool {
        await withTaskCancellationHandler {
            await withTaskGroup(of: Step.self) { group in
                group.addTask { await send(to: far) }
                group.addTask { await receive(from: far) }
                var step = await group.next()
                if step == .clientEnded {
                    // An answer may still be on its way.
                    group.addTask { await waitForSilence() }
                    step = await group.next()
                }
                await input.pause()
                await far.close()
                group.cancelAll()
                return step == .refused
            }
        } onCancel: {
            Task { await far.close() }
        }
    }

    private func readClient() async {
        do {
            while let bytes = try await client.receive() {
                note(isAnswerDue: true)
                await input.put(bytes)
            }
        } catch {
            pulse.activity.withLock { $0.isClientGone = true }
        }
        await input.end()
    }

    private func send(to far: any ByteChannel) async -> Step {
        do {
            while let bytes = await input.next() {
                try await far.send(bytes)
                note(isAnswerDue: true)
            }
        } catch {
            return .farEnded
        }
        return await input.isEnded ? .clientEnded : .farEnded
    }

    private func receive(from far: any ByteChannel) async -> Step {
        do {
            while let bytes = try await far.receive() {
                await input.commit()
                note(isAnswerDue: false)
                try await client.send(bytes)
                note(isAnswerDue: false)
            }
        } catch let error as DevloopError where error.code == .unhealthy {
            return .refused
        } catch {
            // Either side broke; the caller ends both.
        }
        return .farEnded
    }

    /// Returns when nothing has come for as long as patience lasts.
    private func waitForSilence() async -> Step {
        while !Task.isCancelled {
            let activity = pulse.activity.withLock { $0 }
            let end = activity.last + (activity.isAnswerDue ? patience.answer : patience.idle)
            if activity.isClientGone || ContinuousClock.now >= end { break }
            try? await Task.sleep(until: end, clock: .continuous)
        }
        return .farEnded
    }

    private func note(isAnswerDue: Bool) {
        pulse.activity.withLock { activity in
            activity.last = .now
            activity.isAnswerDue = isAnswerDue
        }
    }
}
