// SPDX-License-Identifier: Apache-2.0

/// The name by which sessions of one Devloopfile know each other in a namespace; pure.
package enum ProjectName {
    /// The folder's name, with that of the file where it is not the usual one: checkouts of one repository on several
    /// machines are one project.
    /// - Parameter file: absolute path of the Devloopfile.
    package static func of(_ file: String) -> String {
        let parts = file.split(separator: "/")
        var words = [parts.dropLast().last ?? "root"]
        if let name = parts.last, name != "Devloopfile", name != "Tiltfile" { words.append(name) }
        let name = words.map { cleaned($0) }.filter { !$0.isEmpty }.joined(separator: "-")
        return name.isEmpty ? "root" : name
    }

    /// As names of Kubernetes are: lower-case letters, digits, single dashes; at most 40 of them.
    private static func cleaned(_ text: Substring) -> String {
        var result = ""
        for character in text.lowercased().unicodeScalars {
            let isPlain = ("a"..."z").contains(character) || ("0"..."9").contains(character)
            if isPlain {
                result.unicodeScalars.append(character)
            } else if !result.isEmpty, !result.hasSuffix("-") {
                result += "-"
            }
        }
        result = String(result.prefix(40))
        while result.hasSuffix("-") { result.removeLast() }
        return result
    }
}
