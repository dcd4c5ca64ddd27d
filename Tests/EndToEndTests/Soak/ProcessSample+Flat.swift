// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Testing

extension ProcessSample {
    /// Memory, descriptors and threads are at the end what they were after the first fifth; of few samples nothing can be
    /// said.
    /// - Parameter streams: Descriptors that more Pods may take.
    static func expectFlat(_ samples: [ProcessSample], streams: Int = 4) {
        guard let last = samples.last, samples.count >= 5 else { return }
        let first = samples[samples.count / 5]
        #expect(last.descriptors <= first.descriptors + streams, "\(first), then \(last)")
        #expect(last.threads <= first.threads + 4, "\(first), then \(last)")
        #expect(last.residentKB <= first.residentKB + max(first.residentKB / 4, 12_000), "\(first), then \(last)")
    }
}
