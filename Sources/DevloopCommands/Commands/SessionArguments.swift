// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopLive
import LoopEngine

/// Options that every command has which evaluates the spec.
struct SpecOptions: ParsableArguments {
    @Option(name: [.customShort("f"), .customLong("file")], help: "The Devloopfile; else it is searched upwards")
    var file: String?

    @Option(help: "The kubeconfig context; else the current one")
    var context: String?

    @Option(name: [.customShort("n"), .long], help: "The namespace; else that of the context")
    var namespace: String?

    var settings: LiveSettings {
        LiveSettings(file: file, context: context, namespace: namespace, arguments: SpecArguments.current)
    }
}

/// The same, for commands that work on resources.
struct SessionArguments: ParsableArguments {
    @OptionGroup var spec: SpecOptions

    @Argument(help: "Resources to work on, with what they depend on; else all")
    var names: [String] = []

    var settings: LiveSettings { spec.settings }
}

/// What stands behind `--` on the command line, for the Devloopfile. Taken off before parsing: the parser takes only one
/// open list of words, and that is the names.
enum SpecArguments {
    @TaskLocal static var current: [String] = []

    /// The words for the parser, and those for the spec.
    static func split(_ words: [String]) -> (command: [String], spec: [String]) {
        guard let terminator = words.firstIndex(of: "--") else { return (words, []) }
        return (Array(words[..<terminator]), Array(words[(terminator + 1)...]))
    }
}

/// How a session is shown.
enum Interface: String, ExpressibleByArgument, CaseIterable {
    case auto, tui, plain, json
}

extension SessionOptions.OnExit: ExpressibleByArgument {}
