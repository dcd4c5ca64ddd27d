// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// One event of the reader, copied out of C memory.
struct YAMLEvent {
    enum Kind {
        case documentStart, documentEnd, streamEnd
        case alias(String)
        case scalar(YAMLScalar)
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd
    }

    var kind: Kind
    var anchor: String?
    /// The tag as written, with its handle resolved; nil when there is none.
    var tag: String?
    var location: SourceLocation
}
