// SPDX-License-Identifier: Apache-2.0

/// Why something was refused or failed in the container; errno and place say the rest.
package struct Fault: Error, Sendable, Equatable {
    package enum Code: UInt8, Sendable, CaseIterable {
        /// Host and agent speak different versions; place holds the agent's.
        case version = 1
        /// Another host owns the agent; place holds its id.
        case busy = 2
        /// Another host has taken over; place holds its id.
        case takenOver = 3
        /// A payload did not have its checksum.
        case damaged = 4
        /// A message that cannot be understood, or at a wrong time.
        case badMessage = 5
        /// A destination that the path rules refuse.
        case badPath = 6
        /// A destination goes through a symbolic link, which place names.
        case link = 7
        /// The record has another id than the host believed.
        case staleBase = 8
        /// The base of a patch is not what the host believed.
        case baseMismatch = 9
        /// The content does not have its digest or size.
        case digestMismatch = 10
        /// A system call failed.
        case io = 11
        /// The agent has no folder it can write to: no change sets.
        case syncOff = 12
        /// The host asked to give the set up.
        case aborted = 13
        /// The app could not be started.
        case appStart = 14
        /// The set was in part applied and could not be undone: the record is marked dirty.
        case dirty = 15
        /// The same as ``appStart``, and its set was taken back: the end that tells so follows.
        case appStartUndone = 17
        /// A symbolic link whose path the link rules refuse.
        case badLink = 16
    }

    package var code: Code
    /// 0 when no system call is to blame.
    package var errno: Int32
    /// The path, address or id that the fault is about.
    package var place: [UInt8]
    /// The set that was refused; 0 for none.
    package var set: UInt64

    package init(_ code: Code, errno: Int32 = 0, place: [UInt8] = [], set: UInt64 = 0) {
        self.code = code
        self.errno = errno
        self.place = place
        self.set = set
    }

    func write(to writer: inout ByteWriter) {
        writer.u8(code.rawValue)
        writer.i32(errno)
        writer.blob(place)
        writer.u64(set)
    }

    init?(from reader: inout ByteReader) {
        guard let code = Code(rawValue: reader.u8()) else { return nil }
        self.code = code
        errno = reader.i32()
        place = reader.blob()
        set = reader.u64()
    }
}
