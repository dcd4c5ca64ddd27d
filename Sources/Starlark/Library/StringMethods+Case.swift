// SPDX-License-Identifier: Apache-2.0

extension StringMethods {
    static var cases: [Method] {
        [
            convert("lower") { scalars in scalars.map { lower($0) }.joined() },
            convert("upper") { scalars in scalars.map { upper($0) }.joined() },
            convert("capitalize") { scalars in
                scalars.enumerated().map { index, scalar in index == 0 ? title(scalar) : lower(scalar) }.joined()
            },
            convert("title") { scalars in
                var afterLetter = false
                var result = ""
                for scalar in scalars {
                    result += afterLetter ? lower(scalar) : title(scalar)
                    afterLetter = isLetter(scalar)
                }
                return result
            },
        ]
    }

    private static func convert(
        _ name: String, _ body: @escaping @Sendable ([Unicode.Scalar]) -> String
    ) -> Method {
        method(name) { text, arguments in
            _ = try arguments.unpackPositional(name, min: 0, max: 0)
            return Self.text(body(UTF8Text.scalars(text).map(\.scalar)).utf8)
        }
    }

    // Characters whose other case is several characters long stay as they are.
    private static func lower(_ scalar: Unicode.Scalar) -> String {
        single(scalar.properties.lowercaseMapping, scalar)
    }

    private static func upper(_ scalar: Unicode.Scalar) -> String {
        single(scalar.properties.uppercaseMapping, scalar)
    }

    private static func title(_ scalar: Unicode.Scalar) -> String {
        single(scalar.properties.titlecaseMapping, scalar)
    }

    private static func single(_ mapped: String, _ scalar: Unicode.Scalar) -> String {
        mapped.unicodeScalars.count == 1 ? mapped : String(scalar)
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .decimalNumber
    }

    static var predicates: [Method] {
        [
            test("isalnum") { scalars in all(scalars) { isLetter($0) || isDigit($0) } },
            test("isalpha") { scalars in all(scalars) { isLetter($0) } },
            test("isdigit") { scalars in all(scalars) { isDigit($0) } },
            test("isspace") { scalars in all(scalars) { $0.properties.isWhitespace } },
            test("islower") { scalars in
                scalars.contains { isCased($0) } && scalars.allSatisfy { lower($0) == String($0) }
            },
            test("isupper") { scalars in
                scalars.contains { isCased($0) } && scalars.allSatisfy { upper($0) == String($0) }
            },
            test("istitle", isTitle),
        ]
    }

    private static func test(_ name: String, _ body: @escaping @Sendable ([Unicode.Scalar]) -> Bool) -> Method {
        method(name) { text, arguments in
            _ = try arguments.unpackPositional(name, min: 0, max: 0)
            return .bool(body(UTF8Text.scalars(text).map(\.scalar)))
        }
    }

    private static func all(_ scalars: [Unicode.Scalar], _ test: (Unicode.Scalar) -> Bool) -> Bool {
        !scalars.isEmpty && scalars.allSatisfy(test)
    }

    private static func isCased(_ scalar: Unicode.Scalar) -> Bool {
        lower(scalar) != String(scalar) || upper(scalar) != String(scalar)
    }

    /// Capitals only after characters without case, small letters only after characters with one.
    @Sendable
    private static func isTitle(_ scalars: [Unicode.Scalar]) -> Bool {
        var anyCased = false
        var previousCased = false
        for scalar in scalars {
            let category = scalar.properties.generalCategory
            if scalar.isASCII && category == .uppercaseLetter || category == .titlecaseLetter {
                if previousCased { return false }
                (anyCased, previousCased) = (true, true)
            } else if category == .lowercaseLetter {
                if !previousCased { return false }
                (anyCased, previousCased) = (true, true)
            } else if category == .uppercaseLetter {
                // A capital that has a title form of its own is no title; others are.
                if previousCased || title(scalar) != String(scalar) { return false }
                (anyCased, previousCased) = (true, true)
            } else {
                previousCased = false
            }
        }
        return anyCased
    }
}
