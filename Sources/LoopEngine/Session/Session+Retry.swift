// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Deploys that are due and cannot be done now.
extension Session {
    /// Nothing is wrong with the resource: the same deploy is tried again by itself.
    func postpone(_ name: String, number: Int, _ retry: DeployRetry, _ error: DevloopError) {
        guard var state = resources[name] else { return }
        let isNews = state.retry?.reason != retry.reason
        state.needsDeploy = true
        state.retry = retry
        resources[name] = state
        if state.isForced { forced.insert(name) }
        if isNews, error.code == .sessionBusy {
            let text = "applied as soon as that session has ended" + (error.hint.map { "; \($0)" } ?? "")
            journal.record(.logWritten, resource: name, ["text": .string(text)])
        }
        set(.held(retry.reason), for: name)
        if isOneShot { return stop(.cluster, reason: error.description, hint: error.hint) }
        spawn { session in
            do { try await session.ports.clock.sleep(retry.delay) } catch { return }
            await session.tryAgain(name, number: number)
        }
    }

    /// - Parameter number: of the task that failed; a newer one has made this try needless.
    private func tryAgain(_ name: String, number: Int) {
        guard resources[name]?.taskNumber == number else { return }
        resources[name]?.retry?.isWaiting = false
        advance(name)
    }
}
