// SPDX-License-Identifier: Apache-2.0

/// The container's own readiness check, made by the agent right after a start.
package struct ReadinessProbe: Sendable, Equatable {
    /// How readiness is seen.
    package enum Kind: Sendable, Equatable {
        /// GET on a port of the Pod; ready when the status is 200 to 399. Headers are whole lines, `Name: value`.
        case http(port: UInt16, path: [UInt8], headers: [[UInt8]])
        /// A connection is accepted.
        case tcp(port: UInt16)
        /// A command in the container ends with 0.
        case exec([[UInt8]])
    }

    package var kind: Kind
    /// How long one attempt may take.
    package var timeoutMilliseconds: UInt32

    package init(_ kind: Kind, timeoutMilliseconds: UInt32 = 1_000) {
        self.kind = kind
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    func write(to writer: inout ByteWriter) {
        writer.u32(timeoutMilliseconds)
        switch kind {
        case .http(let port, let path, let headers):
            writer.u8(1)
            writer.u16(port)
            writer.blob(path)
            writer.blobs(headers)
        case .tcp(let port):
            writer.u8(2)
            writer.u16(port)
        case .exec(let arguments):
            writer.u8(3)
            writer.blobs(arguments)
        }
    }

    init?(from reader: inout ByteReader) {
        timeoutMilliseconds = reader.u32()
        switch reader.u8() {
        case 1: kind = .http(port: reader.u16(), path: reader.blob(), headers: reader.blobs())
        case 2: kind = .tcp(port: reader.u16())
        case 3:
            let arguments = reader.blobs()
            guard !arguments.isEmpty else { return nil }
            kind = .exec(arguments)
        default: return nil
        }
    }
}
