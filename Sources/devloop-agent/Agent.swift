// SPDX-License-Identifier: Apache-2.0

import CAgent

@main
struct Agent {
    static func main() {}
}
