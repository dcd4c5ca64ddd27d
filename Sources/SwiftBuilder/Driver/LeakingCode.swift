// SPDX-License-Identifier: Apache-2.0

/// Code whose users depend on the bodies of its functions.
///
/// The incremental compiler tells by fingerprints of declarations whether their users have to be compiled, and these
/// leave bodies out. Where a body is part of what users see, it takes them for unchanged: with swiftc 6.3, and so with
/// `swift build`, a function whose body returns another type behind `some P` leaves every other file of its module stale.
struct LeakingCode: OptionSet, Sendable {
    let rawValue: Int

    /// Bodies that the module's interface contains: it differs when they do.
    static let intoInterface = LeakingCode(rawValue: 1)
    /// Bodies that other files of the same module take without the interface.
    static let intoModule = LeakingCode(rawValue: 2)

    private static let signs: [(LeakingCode, [UInt8])] = [
        (.intoInterface, "@inlinable"), (.intoInterface, "@_alwaysEmitIntoClient"), (.intoInterface, "@frozen"),
        (.intoInterface, "@inline(__always)"), (.intoInterface, "@_specialize"), (.intoInterface, "@usableFromInline"),
        (.intoInterface, "@export("), (.intoInterface, "@const"), (.intoModule, "@_transparent"),
        (.intoInterface, "some "),
    ].map { ($0, Array($1.utf8)) }

    init(rawValue: Int) { self.rawValue = rawValue }

    /// Whether one of the signs stands anywhere in a source, be it in a comment.
    init(in source: [UInt8]) {
        var found: LeakingCode = []
        for index in source.indices where source[index] == UInt8(ascii: "@") || source[index] == UInt8(ascii: "s") {
            for (code, sign) in Self.signs where !found.contains(code) && source[index...].starts(with: sign) {
                found.insert(code)
            }
        }
        self = found
    }
}
