// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Synchronization

/// Puts the Pods of this machine and those of the cluster together, once both are known.
final class BothSides: Sendable {
    private struct State {
        var here: [String: [PodStatus]]?
        var there: [String: [PodStatus]]?
    }

    private let output: AsyncStream<ClusterUpdate>.Continuation
    private let state = Mutex(State())

    init(_ output: AsyncStream<ClusterUpdate>.Continuation) { self.output = output }

    func take(here: [String: [PodStatus]]? = nil, there: [String: [PodStatus]]? = nil) {
        state.withLock { state in
            state.here = here ?? state.here
            state.there = there ?? state.there
            guard let here = state.here, let there = state.there else { return }
            output.yield(.pods(there.merging(here) { $0 + $1 }))
        }
    }
}
