// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension Session {
    /// After a break there may be another cluster at the same address, one that was deleted and made anew. It has nothing of
    /// what was applied, and never says so: all of it is brought there again.
    func checkIdentity(_ former: any ClusterConnection) async {
        guard !isOneShot, let identity = former.info.identity, let now = await newIdentity(of: former),
            now != identity, end == nil, connection != nil, connecting == nil
        else { return }
        connection = nil
        observing?.cancel()
        journal.record(
            .clusterFailed,
            [
                "code": .string(DevloopError.Code.clusterUnreachable.name),
                "message": "it is another cluster than before, and has nothing of this session",
                "hint": "nothing needs to be done", "waiting": "all is brought there again",
            ])
        for name in order where resources[name]?.resource.kubernetes != nil { forget(name) }
        for ref in images.keys { images[ref]?.isStale = true }
        // Gives back what it holds of the namespace, so that it does not stand in its successor's way.
        await former.close()
        connect()
    }

    /// A server that has just started may not have made the namespace yet that tells who it is.
    private func newIdentity(of former: any ClusterConnection) async -> String? {
        for _ in 0..<30 {
            if let identity = await former.identity() { return identity }
            do { try await ports.clock.sleep(.seconds(1)) } catch { return nil }
        }
        return nil
    }

    /// Nothing of a resource is in the cluster any more.
    private func forget(_ name: String) {
        guard var state = resources[name] else { return }
        let wasWanted = state.isApplied || state.isTaskRunning || state.needsDeploy
        state.task?.cancel()
        state.task = nil
        // What a task of before still answers is dropped.
        state.taskNumber += 1
        state.isTaskRunning = false
        state.isApplied = false
        state.needsDeploy = wasWanted
        state.generations = []
        state.versions = [:]
        state.workloads = []
        state.retry = nil
        resources[name] = state
        if wasWanted { set(.held("a new cluster"), for: name) }
    }
}
