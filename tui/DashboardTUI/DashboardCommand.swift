// SPDX-License-Identifier: Apache-2.0

/// What a key asks of the session; everything else is the dashboard's own business.
package enum DashboardCommand: Hashable, Sendable {
    /// Build and deploy this resource now.
    case trigger(String)
    /// The same for all resources.
    case triggerAll
    /// Restart the Pod of this resource.
    case restart(String)
    /// Start the command of this button.
    case press(button: String)
    /// The confirmed `q`: end the session in good order.
    case quit
    /// The first Ctrl-C: the same, told as an interruption.
    case interrupt
    /// End at once: Ctrl-C again.
    case forceQuit
    /// Draw the whole screen again.
    case repaint
}
