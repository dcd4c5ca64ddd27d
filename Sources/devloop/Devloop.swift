// SPDX-License-Identifier: Apache-2.0

import DevloopCommands

@main
struct Main {
    static func main() async { await Devloop.start() }
}
