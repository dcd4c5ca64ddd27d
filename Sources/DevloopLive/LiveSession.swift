// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Devloopfile
import FileWatch
package import LoopEngine
import SwiftBuilder

/// The composition root: real adapters behind the engine's ports.
package struct LiveSession: Sendable {
    package let ports: Ports
    private let mode: SessionOptions.Mode
    private let directory: String

    package init(_ settings: LiveSettings, mode: SessionOptions.Mode) {
        self.mode = mode
        directory = HostPaths.workingDirectory
        let clock = LiveEnvironment.clock
        let link = BuildLink()
        ports = Ports(
            spec: SpecAdapter(settings: settings, directory: directory, mode: Self.specMode(mode)),
            watch: WatchAdapter(project: directory, wall: clock.wall),
            build: BuildAdapter(configuration: mode == .up ? .debug : .release, link: link),
            cluster: PlaceAdapter(
                cluster: ClusterAdapter(settings: settings, link: link, command: mode.rawValue), place: settings.place,
                directory: directory),
            commands: CommandAdapter(),
            forwards: ForwardAdapter(),
            clock: clock)
    }

    /// - Parameter onLog: receives each log line; must be quick.
    package func options(
        version: String, onLog: @escaping @Sendable (String, String, String, LogLine) -> Void
    ) -> SessionOptions {
        SessionOptions(
            mode: mode, root: directory.hasSuffix("/") ? directory : directory + "/", version: version, onLog: onLog,
            exists: { HostPaths.exists($0) },
            files: { [directory] in WatchIgnore(project: directory).files(below: $0) })
    }

    private static func specMode(_ mode: SessionOptions.Mode) -> DevloopfileRequest.Mode {
        switch mode {
        case .up: .up
        case .run: .run
        case .ci: .ci
        }
    }
}
