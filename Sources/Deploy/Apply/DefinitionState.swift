// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// What a CustomResourceDefinition says of itself; its objects can be applied once it is established. Pure.
package enum DefinitionState: Sendable, Equatable {
    case established
    case waiting
    /// It will never be: the server's words.
    case refused(String)

    package init(_ definition: JSONValue) {
        var isEstablished = false
        for condition in definition.at("status", "conditions")?.array ?? [] {
            switch (condition["type"]?.string, condition["status"]?.string) {
            case ("Established", "True"): isEstablished = true
            case ("NamesAccepted", "False"):
                self = .refused(condition["message"]?.string ?? condition["reason"]?.string ?? "its names are taken")
                return
            default: continue
            }
        }
        self = isEstablished ? .established : .waiting
    }
}
