// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import Testing
import Wire

@Suite struct EventTests {
    /// What the original's programs send: no tags, no status, and Go's zero times.
    @Test func takesTheOriginalsMessages() throws {
        let text = #"""
            {"EventType":0,"Username":"gigi","Link":{"Url":"http://a","Title":"t","Description":"","Status":"",
            "Tags":null,"CreatedAt":"0001-01-01T00:00:00Z","UpdatedAt":"0001-01-01T00:00:00Z"}}
            """#
        let event = try LinkEvent(body: Array(text.utf8))
        #expect(event.kind == .added)
        #expect(event.username == "gigi")
        #expect(event.link?.url == "http://a")
        #expect(event.link?.createdAt == .zero)
        #expect(event.link?.tags.isEmpty == true)
        let update = try LinkEvent(body: Array(#"{"EventType":1,"Username":"gigi","Link":null}"#.utf8))
        #expect(update == LinkEvent(kind: .updated, username: "gigi", link: nil))
    }

    @Test func writesWhatItReads() throws {
        let link = Link(
            url: "u", title: "<t>", description: "d", status: .valid, tags: ["b", "a"],
            createdAt: Timestamp(seconds: 0, nanoseconds: 120_000_000),
            updatedAt: Timestamp(seconds: 1, nanoseconds: 1))
        let event = LinkEvent(kind: .deleted, username: "gigi", link: link)
        #expect(
            event.json.text
                == #"{"EventType":2,"Username":"gigi","Link":{"Url":"u","Title":"\u003ct\u003e","Description":"d","#
                + #""Status":"valid","Tags":{"a":true,"b":true},"CreatedAt":"1970-01-01T00:00:00.12Z","#
                + #""UpdatedAt":"1970-01-01T00:00:01.000000001Z"}}"#)
        #expect(try LinkEvent(body: Array(event.json.text.utf8)) == event)
        let check = LinkCheck(username: "gigi", url: "u", status: .invalid)
        #expect(check.json.text == #"{"Username":"gigi","Url":"u","Status":"invalid"}"#)
        #expect(try LinkCheck(body: Array(check.json.text.utf8)) == check)
    }

    @Test(arguments: [
        ("", "EOF"), ("[]", "json: cannot unmarshal array into a request object"),
        (#"{"EventType":3}"#, "there is no event of type 3"),
        (#"{"EventType":"a"}"#, "json: cannot unmarshal string into field EventType of type int"),
        (#"{"EventType":1.5}"#, "json: cannot unmarshal number 1.5 into field EventType of type int"),
        (#"{"Link":{"Status":"x"}}"#, "there is no status \"x\""),
        (#"{"Link":{"CreatedAt":"x"}}"#, "CreatedAt: \"x\" is not a time"),
        (#"{"Link":7}"#, "json: cannot unmarshal number into a request object"),
    ])
    func saysWhatIsNoEvent(text: String, want: String) {
        #expect(throws: DomainError(want)) { try LinkEvent(body: Array(text.utf8)) }
    }
}
