// SPDX-License-Identifier: Apache-2.0

/// What a change of a file that a `sync` step maps asks for.
package enum SyncPolicy: Sendable, Equatable {
    /// The file goes to the container, and its program goes on.
    case sync
    /// The same, and the program gets this signal.
    case signal(ProcessSignal)
    /// The same, and the program starts again.
    case restart
    /// An image is made instead.
    case build
    /// Nothing: neither the container nor the image needs to know.
    case ignore

    /// The word of the spec.
    package var name: String {
        switch self {
        case .sync, .signal: "sync"
        case .restart: "restart"
        case .build: "build"
        case .ignore: "ignore"
        }
    }

    package var signal: ProcessSignal? { if case .signal(let signal) = self { signal } else { nil } }

    /// Whether files go to the container.
    package var isSynced: Bool { self != .build && self != .ignore }
}

/// A signal that a program can be asked to handle.
package struct ProcessSignal: Sendable, Equatable {
    /// Without `SIG`.
    package let name: String
    /// On Linux, for every processor that Swift knows.
    package let number: UInt8

    /// - Parameter name: with or without `SIG`; nil when there is no such signal, or none that a program can handle.
    package init?(_ name: String) {
        let short = name.hasPrefix("SIG") ? String(name.dropFirst(3)) : name
        guard let number = Self.numbers.first(where: { $0.name == short })?.number else { return nil }
        (self.name, self.number) = (short, number)
    }

    package static var names: [String] { numbers.map(\.name) }

    private static let numbers: [(name: String, number: UInt8)] = [
        ("HUP", 1), ("INT", 2), ("QUIT", 3), ("USR1", 10), ("USR2", 12), ("TERM", 15), ("CONT", 18), ("WINCH", 28),
    ]
}
