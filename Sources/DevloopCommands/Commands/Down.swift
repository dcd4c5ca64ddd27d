// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopCore
import DevloopLive

struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Delete what the Devloopfile's objects made",
        discussion: "Only objects that sessions of this Devloopfile created are deleted; what was there before stays.")

    @OptionGroup var session: SessionArguments

    func run() async throws {
        try await TakeDown.run(
            session.settings, names: session.names, print: { StandardOutput.write($0) },
            remark: { StandardError.write($0) })
    }
}
