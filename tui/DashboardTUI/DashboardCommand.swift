// SPDX-License-Identifier: Apache-2.0

/// What a key asks of the session; everything else is the dashboard's own business.
package enum DashboardCommand: Hashable, Sendable {
    /// Build and deploy this resource now.
    case trigger(String)
    /// The same for all resources.
    case triggerAll
    /// Restart the Pod of this resource.
    case restart(String)
    /// End the session in good order: confirmed `q`, or the first Ctrl-C.
    case quit
    /// End at once: Ctrl-C again.
    case forceQuit
    /// Draw the whole screen again.
    case repaint
}
