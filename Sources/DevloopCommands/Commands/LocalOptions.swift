// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopLive

/// `--local`, or `--local NAME…`.
struct LocalOptions: ParsableArguments {
    @Flag(
        name: .customLong("local"),
        help:
            "Run everything as programs of this machine; with names behind it only these, against the cluster for the rest"
    )
    var isLocal = false

    /// What the words behind `--local` become before parsing: the parser knows no option that may have none.
    @Option(name: .customLong(LocalWords.name), help: .hidden)
    var localNames: [String] = []

    /// - Parameter otherwise: without the option.
    func place(otherwise: LiveSettings.Place) -> LiveSettings.Place {
        guard isLocal else { return otherwise }
        return localNames.isEmpty ? .here : .mixed(localNames)
    }
}

/// Takes the words behind `--local` apart from the names of resources.
enum LocalWords {
    static let name = "local-name"

    static func split(_ words: [String]) -> [String] {
        var result: [String] = []
        var isBehind = false
        for word in words {
            if word.hasPrefix("-") { isBehind = word == "--local" }
            result.append(isBehind && !word.hasPrefix("-") ? "--\(name)=\(word)" : word)
        }
        return result
    }
}
