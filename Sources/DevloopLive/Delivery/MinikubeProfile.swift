// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// What Minikube knows of one of its clusters.
package struct MinikubeProfile: Sendable, Equatable {
    package var name: String
    /// `docker`, `kvm2`, `none`, ...; nil when Minikube could not be asked.
    package var driver: String?
    /// Folder with `profiles/` and `machines/`; nil when it is not known.
    package var home: String?

    package init(name: String, driver: String?, home: String? = nil) {
        self.name = name
        self.driver = driver
        self.home = home
    }

    /// How its nodes are reached.
    package enum Driver: Sendable, Equatable {
        /// Nodes are containers of this machine.
        case containers(program: String)
        /// The node is this machine.
        case none
        /// Nodes are machines that take ssh.
        case machines
    }

    package var kind: Driver? {
        switch driver {
        case nil, "": nil
        case "docker": .containers(program: "docker")
        case "podman": .containers(program: "podman")
        case "none": Driver.none
        default: .machines
        }
    }

    /// Reads `profiles/<name>/config.json`, or an element of what `minikube profile list -o json` prints under
    /// `Config`: both are the same structure.
    package static func driver(config: JSONValue) -> String? {
        (config["Driver"]?.string ?? config["VMDriver"]?.string).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The driver of a profile in the output of `minikube profile list -o json`.
    package static func driver(of name: String, list: JSONValue) -> String? {
        let profiles = (list["valid"]?.array ?? []) + (list["invalid"]?.array ?? [])
        return profiles.first { $0["Name"]?.string == name }?["Config"].flatMap(driver(config:))
    }
}
