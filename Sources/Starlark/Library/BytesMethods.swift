// SPDX-License-Identifier: Apache-2.0

/// The methods of bytes.
enum BytesMethods {
    static var all: [Method] {
        [
            Method("elems") { _, receiver, arguments in
                _ = try arguments.unpackPositional("elems", min: 0, max: 0)
                return .object(BytesElems(unsafeDowncast(receiver, to: StarlarkBytes.self)))
            }
        ]
    }
}
