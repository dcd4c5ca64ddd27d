// SPDX-License-Identifier: Apache-2.0

package import BigInt

/// An integer outside the 64-bit range. Numbers within it are always `Value.int`.
package final class StarlarkBigInt: StarlarkObject {
    /// The number.
    package let value: BigInt

    init(_ value: BigInt) {
        self.value = value
        super.init(kind: .bigInt)
    }

    package override var typeName: String { "int" }
    override func write(to writer: inout ReprWriter) { writer.write(String(value)) }
    override func hash(depth: Int) throws -> Int { IntMath.hash(value) }

    override func isEqual(to other: StarlarkObject, depth: Int) throws -> Bool {
        value == unsafeDowncast(other, to: StarlarkBigInt.self).value
    }
}

extension Value {
    /// An integer of any size, in its one representation.
    package init(big: BigInt) {
        if let small = Int(exactly: big) { self = .int(small) } else { self = .object(StarlarkBigInt(big)) }
    }

    /// The number of an int value of any size; nil for every other type, bool included.
    package var bigInt: BigInt? {
        switch self {
        case .int(let value): BigInt(value)
        case .object: bigObject?.value
        default: nil
        }
    }
}
