// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import Testing
import Wire

@Suite struct RequestTests {
    @Test(arguments: [
        #"{"Url":"u","Title":"t","Description":"d","Username":"n","Tags":{"x":true}}"#,
        #"{"url":"u","title":"t","description":"d","username":"n","tags":{"x":false}}"#,
        #"{"URL":"u","tItLe":"t","DESCRIPTION":"d","userName":"n","TAGS":{"x":null},"other":[{}]}"#,
        #"{"url":"old","URL":"u","Url":null,"Title":"t","Description":"d","Username":"n","Tags":{"x":true}} {"#,
    ])
    func addReadsKeysInAnyCase(body: String) throws {
        var want = AddLinkRequest()
        want.url = "u"
        want.title = "t"
        want.description = "d"
        want.username = "n"
        want.tags = ["x"]
        #expect(try AddLinkRequest(body: Array(body.utf8)) == want)
    }

    @Test(arguments: ["null", "{}", #"{"Url":null,"Title":null,"Tags":null}"#])
    func nullLeavesTheZeroValue(body: String) throws {
        #expect(try AddLinkRequest(body: Array(body.utf8)) == AddLinkRequest())
    }

    @Test(arguments: [
        ("[]", "json: cannot unmarshal array into a request object"),
        ("7", "json: cannot unmarshal number into a request object"),
        (#"{"url":7}"#, "json: cannot unmarshal number into field Url of type string"),
        (#"{"tags":"a,b"}"#, "json: cannot unmarshal string into field Tags of type map[string]bool"),
        (#"{"tags":{"a":"b"}}"#, "json: cannot unmarshal string into field Tags of type bool"),
    ])
    func otherTypesAreErrors(body: String, want: String) {
        #expect(throws: DomainError(want)) { try AddLinkRequest(body: Array(body.utf8)) }
    }

    @Test func updateAndFollowReadTheirFields() throws {
        let update = try UpdateLinkRequest(
            body: Array(#"{"url":"u","username":"n","addtags":{"a":true},"REMOVETAGS":{"b":true}}"#.utf8))
        #expect(update.addTags == ["a"])
        #expect(update.removeTags == ["b"])
        let follow = try FollowRequest(body: Array(#"{"Followed":"a","FOLLOWER":"b"}"#.utf8))
        #expect(follow.followed == "a")
        #expect(follow.follower == "b")
    }

    @Test(arguments: [
        ("username=a+b&url=%3Fx%3D1", "username", "a b"),
        ("username=a+b&url=%3Fx%3D1", "url", "?x=1"),
        ("a=1&a=2", "a", "1"),
        ("a=%zz&a=2", "a", "2"),
        ("a=1;b=2&c=3", "c", "3"),
        ("a=1;b=2&c=3", "a", ""),
        ("a", "a", ""),
        ("&&=x&a=b=c", "a", "b=c"),
        ("", "a", ""),
        ("tag=%25", "tag", "%"),
    ])
    func queryIsDecodedOnce(query: String, name: String, want: String) {
        #expect(Query(query)[name] == want)
    }

    @Test(arguments: [
        ("a%20b", "a b"), ("a+b", "a+b"), ("%2525", "%25"), ("%C3%A9", "é"), ("%ff", "\u{fffd}"), ("", ""),
    ])
    func percentDecodes(text: String, want: String) throws {
        #expect(try percentDecoded(text.utf8) == want)
    }

    @Test(arguments: [("%", "%"), ("a%", "%"), ("%1", "%1"), ("%zz", "%zz"), ("%1 2", "%1 ")])
    func percentNamesTheBrokenEscape(text: String, escape: String) {
        #expect(throws: DomainError("invalid URL escape \"\(escape)\"")) { try percentDecoded(text.utf8) }
    }

    @Test(arguments: ["gigi", "a b", "50%", "a/b", "é😀", "~-._", ""])
    func percentCodingReturns(text: String) throws {
        let encoded = percentEncoded(text)
        #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") })
        #expect(try percentDecoded(encoded.utf8) == text)
    }
}
