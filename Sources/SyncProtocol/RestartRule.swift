// SPDX-License-Identifier: Apache-2.0

/// What happens to the app after a set is in place.
package enum RestartRule: Sendable, Equatable {
    /// Restart when the entry executable has new content or a new mode.
    case ifEntryChanged
    /// Restart in any case.
    case always
    /// Leave the app alone.
    case never
    /// Send this signal to the app instead.
    case signal(UInt8)

    func write(to writer: inout ByteWriter) {
        switch self {
        case .ifEntryChanged: writer.u16(0)
        case .always: writer.u16(1)
        case .never: writer.u16(2)
        case .signal(let number): writer.u16(0x100 | UInt16(number))
        }
    }

    init?(from reader: inout ByteReader) {
        let value = reader.u16()
        switch value {
        case 0: self = .ifEntryChanged
        case 1: self = .always
        case 2: self = .never
        case 0x101...0x140: self = .signal(UInt8(value & 0xFF))
        default: return nil
        }
    }
}
