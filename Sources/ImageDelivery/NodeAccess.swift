// SPDX-License-Identifier: Apache-2.0

/// How commands are run where a node's container runtime is.
package struct NodeAccess: Sendable, Equatable {
    /// Words before the command's own: `docker exec -i minikube`, or ssh with its options.
    package var prefix: [String]
    /// The far side joins the words and gives them to a shell, as ssh does: each is quoted for it.
    package var isShell: Bool

    package init(prefix: [String] = [], isShell: Bool = false) {
        self.prefix = prefix
        self.isShell = isShell
    }

    /// This machine.
    package static let here = NodeAccess()

    /// In a container of this machine.
    /// - Parameter program: `docker` or `podman`.
    package static func container(_ name: String, program: String) -> NodeAccess {
        NodeAccess(prefix: [program, "exec", "-i", name])
    }

    /// On a machine that takes ssh with a key.
    ///
    /// Host keys are not checked: the machine was made on this one, and makes new ones whenever it is made again.
    /// Nothing is asked for: a key that is refused is an error.
    package static func ssh(_ machine: SSHMachine) -> NodeAccess {
        NodeAccess(
            prefix: [
                "ssh", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
                "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes",
                "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=60", "-T", "-i", machine.key,
                "-p", String(machine.port), "-l", machine.user, "--", machine.address,
            ], isShell: true)
    }

    /// The words to run on this machine so that `words` are run there.
    package func arguments(_ words: [String]) -> [String] { prefix + (isShell ? words.map(Self.quoted) : words) }

    /// One word of a POSIX shell, whatever it holds.
    static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-_./:@=,+".utf8.contains(byte)
                }
            }
        return isPlain
            ? word
            : "'"
                + word.split(separator: "'", omittingEmptySubsequences: false)
                .joined(separator: #"'\''"#) + "'"
    }
}

/// What ssh needs to know of a machine.
package struct SSHMachine: Sendable, Equatable {
    package var address: String
    package var port: Int
    package var user: String
    /// Path of the private key.
    package var key: String

    package init(address: String, port: Int = 22, user: String = "docker", key: String) {
        self.address = address
        self.port = port
        self.user = user
        self.key = key
    }
}
