// SPDX-License-Identifier: Apache-2.0

/// Which port of this machine each container port has. In a cluster every Pod has an address of its own; here two that
/// want the same number cannot both have it.
package struct PortPlan: Sendable, Equatable {
    package struct Key: Hashable, Sendable {
        /// Namespace and name of the workload.
        package var workload: String
        package var port: Int

        package init(workload: String, port: Int) {
            self.workload = workload
            self.port = port
        }
    }

    package private(set) var ports: [Key: Int] = [:]

    package init() {}

    package subscript(workload: String, port: Int) -> Int? { ports[Key(workload: workload, port: port)] }

    /// Who has a port of this machine.
    package func owner(of local: Int) -> Key? { ports.first { $0.value == local }?.key }

    /// Gives a container port its own number where that can be had, else a free one. A port that has one already keeps
    /// it.
    /// - Parameters:
    ///   - isMovable: whether the program is told which port to use; one that is not keeps its number, whoever has it.
    ///   - isTaken: whether somebody else has or wants a port.
    ///   - free: a port that nobody has.
    package mutating func assign(
        _ key: Key, isMovable: Bool, isTaken: (Int) -> Bool, free: () -> Int?
    ) {
        guard ports[key] == nil else { return }
        let isOpen = !ports.values.contains(key.port) && !isTaken(key.port)
        ports[key] = isOpen || !isMovable ? key.port : free() ?? key.port
    }

    /// Forgets workloads that are gone.
    package mutating func keep(_ keys: Set<Key>) { ports = ports.filter { keys.contains($0.key) } }
}

/// Finds the words by which a program is told its own port.
package enum PortWords {
    /// Whether a variable or an argument names the port, so that another one can be put in its place.
    package static func mention(_ port: Int, variables: [String: String], arguments: [String]) -> Bool {
        variables.contains { translated($0.value, variable: $0.key, [port: 0]) != $0.value }
            || arguments.contains { translated(argument: $0, [port: 0]) != $0 }
    }

    /// A variable's value with other ports: a number where the name says that it is a port, and the port of an address
    /// that is this machine's own.
    /// - Parameter ports: container ports and what takes their place.
    package static func translated(_ value: String, variable: String, _ ports: [Int: Int]) -> String {
        if let number = Int(value), let port = ports[number] {
            return variable.uppercased().hasSuffix("PORT") ? String(port) : value
        }
        return address(value, ports) ?? value
    }

    /// The same for an argument: `8080` alone, `--port=8080`, `--listen=:8080`.
    package static func translated(argument: String, _ ports: [Int: Int]) -> String {
        if let number = Int(argument), let port = ports[number] { return String(port) }
        guard let equals = argument.firstIndex(of: "=") else { return address(argument, ports) ?? argument }
        let value = String(argument[argument.index(after: equals)...])
        if let number = Int(value), let port = ports[number] { return argument[...equals] + String(port) }
        return address(value, ports).map { argument[...equals] + $0 } ?? argument
    }

    /// Hosts by which a server means itself.
    private static let own: Set<String> = ["", "0.0.0.0", "127.0.0.1", "localhost", "[::]", "[::1]", "*"]

    private static func address(_ value: String, _ ports: [Int: Int]) -> String? {
        guard let colon = value.lastIndex(of: ":"), own.contains(String(value[..<colon])),
            let port = Int(value[value.index(after: colon)...]).flatMap({ ports[$0] })
        else { return nil }
        return value[...colon] + String(port)
    }
}
