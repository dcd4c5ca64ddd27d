// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

/// A step as `sync(...)`, `run(...)` and so on make it, until an image takes it.
final class LiveUpdateValue: ForeignValue {
    let step: LiveUpdateStep
    let location: SourceLocation?
    /// Whether a `live_update` has taken it.
    var isUsed = false

    init(_ step: LiveUpdateStep, at location: SourceLocation?) {
        self.step = step
        self.location = location
    }

    /// The builtin's name, which tells the kinds apart as well.
    var typeName: String {
        switch step {
        case .sync: "sync"
        case .run: "run"
        case .fallBackOn: "fall_back_on"
        case .restart, .restartOn: "restart_container"
        case .initialSync: "initial_sync"
        }
    }

    /// The steps' place in a `live_update`: a later rank must not come before an earlier one.
    var rank: Int {
        switch step {
        case .initialSync: 0
        case .fallBackOn: 1
        case .sync: 2
        case .run: 3
        case .restart, .restartOn: 4
        }
    }
}
