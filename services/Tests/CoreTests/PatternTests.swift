// SPDX-License-Identifier: Apache-2.0

import LinkCore
import ObjectModel
import Testing

@Suite struct PatternTests {
    @Test(arguments: [
        ("github", "https://github.com", true), ("^github", "https://github.com", false), ("com$", "a.com", true),
        ("a.c", "abc", true), ("a.c", "a\nc", false), ("(?s)a.c", "a\nc", true), ("a\\.c", "abc", false),
        ("x*", "", true), ("x+", "", false), ("colou?r", "color", true), ("(ab|cd)+$", "xabcd", true),
        ("a|b|c", "zzc", true), ("(?:a|)b", "b", true), ("[a-c]", "b", true), ("[^a-c]", "b", false),
        ("[^a]", "\n", true),
        ("[]]", "]", true), ("[a-]", "-", true), ("[\\d_]", "7", true), ("[^\\D]", "7", true),
        ("[[:alpha:]]", "q", true),
        ("[[:^alpha:]]", "q", false), ("\\d{3}", "12", false), ("\\d{3}", "123", true), ("^a{2,3}$", "aaaa", false),
        ("^a{2,}$", "aaaa", true), ("a{,2}", "a{,2}", true), ("a{x", "a{x", true), ("\\bgo\\b", "let go!", true),
        ("\\bgo\\b", "golang", false), ("\\Bo", "go", true), ("(?i)GITHUB", "github", true),
        ("(?i)[A-Z]+$", "abc", true),
        ("(?i)straße", "STRAßE", true), ("(?i:A)b", "ab", true), ("(?i:A)b", "aB", false), ("a(?i)b", "aB", true),
        ("(?m)^b", "a\nb", true), ("^b", "a\nb", false), ("(?P<n>a)(?<m>b)", "ab", true), ("a*?b", "aab", true),
        ("\\x41\\x{1F600}", "A😀", true), ("\\Qa.b\\E+", "a.bb", true), ("\\Qa.b", "axb", false), (".", "é", true),
        ("^.$", "😀", true), ("\\s", "\u{b}", false), ("\\S\\W", "a-", true), ("(a*)*b", "aab", true), ("()*", "", true),
        ("(|a)+", "aa", true), ("\\z", "", true), ("^$", "", true), ("(?-i)a", "A", false),
    ])
    func finds(pattern: String, text: String, want: Bool) throws {
        #expect(try Pattern(pattern).isFound(in: text) == want)
    }

    @Test(arguments: [
        ("(", "missing closing ): `(`"), ("a)", "unexpected ): `a)`"), ("[a", "missing closing ]: `[a`"),
        ("*", "missing argument to repetition operator: `*`"), ("a**", "invalid nested repetition operator: `**`"),
        ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"), ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a{3,2}", "invalid repeat count: `{3,2}`"), ("{2}", "missing argument to repetition operator: `{2}`"),
        ("a\\", "trailing backslash at end of expression: ``"), ("\\q", "invalid escape sequence: `\\q`"),
        ("\\1", "invalid escape sequence: `\\1`"), ("\\pL", "invalid escape sequence: `\\p`"),
        ("[z-a]", "invalid character class range: `z-a`"), ("[[:nope:]]", "invalid character class range: `[:nope:]`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"), ("(?<=a)", "invalid named capture: `(?<=a)`"),
        ("(?P=n)", "invalid named capture: `(?P=n)`"), ("\\x{110000}", "invalid escape sequence: `\\x{110000}`"),
    ])
    func saysWhatIsWrong(pattern: String, want: String) {
        #expect(throws: DomainError("error parsing regexp: \(want)")) { try Pattern(pattern) }
    }

    @Test(arguments: [
        "((a{100}){100}){100}", "((((){1000}){1000}){1000}){1000}", String(repeating: "(", count: 5_000),
    ])
    func refusesPatternsOfExcessiveSize(pattern: String) {
        #expect(throws: DomainError.self) { try Pattern(pattern) }
    }

    @Test(.timeLimit(.minutes(1)))
    func takesTimeInProportionWhereBacktrackingWouldNotEnd() throws {
        let text = String(repeating: "a", count: 2_000)
        #expect(try !Pattern("(a+)+b$").isFound(in: text))
        #expect(try !Pattern("(a|a)*(a|a)*(a|a)*b").isFound(in: text))
    }

    @Test func emptyMeansNone() throws {
        #expect(try Pattern(optional: "") == nil)
        #expect(try Pattern(optional: "a") != nil)
    }
}
