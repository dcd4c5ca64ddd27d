// SPDX-License-Identifier: Apache-2.0

import SyncProtocol
import Testing

@Suite("frame ids") struct FrameIDTests {
    @Test(
        "a set and a question never have the same id",
        arguments: [0, 1, 2, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_8000_0001] as [UInt64])
    func apart(number: UInt64) {
        #expect(Frame.setID(number) < 0x8000_0000)
        #expect(Frame.questionID(UInt32(truncatingIfNeeded: number)) >= 0x8000_0000)
    }
}
