// SPDX-License-Identifier: Apache-2.0

/// The methods of the built-in types.
enum MethodTable {
    static func table(for kind: ObjectKind) -> [String: Method] {
        tables.byKind[Int(kind.rawValue)]
    }

    /// Never changed once made, and a `Method` has only constants.
    private struct Tables: @unchecked Sendable {
        let byKind: [[String: Method]]
    }

    private static let tables = Tables(byKind: ObjectKind.allCases.map { index(methods(of: $0)) })

    private static func methods(of kind: ObjectKind) -> [Method] {
        switch kind {
        case .string: StringMethods.all
        case .bytes: BytesMethods.all
        case .list: ListMethods.all
        case .dict: DictMethods.all
        case .set: SetMethods.all
        default: []
        }
    }

    private static func index(_ methods: [Method]) -> [String: Method] {
        Dictionary(uniqueKeysWithValues: methods.map { ($0.name, $0) })
    }
}
