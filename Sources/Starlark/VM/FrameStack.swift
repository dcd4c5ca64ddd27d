// SPDX-License-Identifier: Apache-2.0

/// The calls in progress. Room for as many as there may be is reserved at once, so that frames never move and a call
/// costs no check for growth; the system provides the memory only as it is touched.
final class FrameStack {
    private let base = UnsafeMutablePointer<Frame>.allocate(capacity: Thread.maxFrames)
    private(set) var count = 0

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    subscript(index: Int) -> Frame {
        @inline(__always) unsafeAddress { UnsafePointer(base + index) }
        @inline(__always) unsafeMutableAddress { base + index }
    }

    /// Begins a call. The caller has made sure that there are fewer than `Thread.maxFrames`.
    @inline(__always)
    func append(_ frame: consuming Frame) {
        (base + count).initialize(to: frame)
        count &+= 1
    }

    /// Ends the innermost call.
    @inline(__always)
    func removeLast() -> Frame {
        count &-= 1
        return (base + count).move()
    }

    /// What a traceback shows, the innermost call last.
    var summaries: [CallFrame] { (0..<count).map { base[$0].summary } }

    /// Whether a function with this code is being executed.
    func contains(_ code: FunctionCode) -> Bool {
        (0..<count).contains { base[$0].code === code }
    }
}
