// SPDX-License-Identifier: Apache-2.0

/// The panes; their numbers are the same in every layout.
package enum Pane: Int, Sendable, CaseIterable {
    case services = 1, pipeline, logs, events, errors
}
