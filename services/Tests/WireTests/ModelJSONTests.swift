// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import Testing
import Wire

@Suite struct ModelJSONTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_519_695, "2026-11-24T11:28:15Z"),
            (-62_135_596_800, "0001-01-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (-2_203_891_200, "1900-03-01T00:00:00Z"),
        ] as [(Int64, String)])
    func timesAreWrittenAndRead(seconds: Int64, text: String) {
        #expect(Timestamp(seconds: seconds, nanoseconds: 999_999_999).rfc3339 == text)
        #expect(Timestamp(rfc3339: text) == Timestamp(seconds: seconds))
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00.25Z", Timestamp(seconds: 0, nanoseconds: 250_000_000)),
        ("1970-01-01T00:00:00.1234567891Z", Timestamp(seconds: 0, nanoseconds: 123_456_789)),
        ("1970-01-01T02:30:00+02:30", Timestamp(seconds: 0)),
        ("1969-12-31T16:00:00-08:00", Timestamp(seconds: 0)),
    ])
    func timesMayHaveFractionAndOffset(text: String, want: Timestamp) {
        #expect(Timestamp(rfc3339: text) == want)
    }

    @Test(arguments: [
        "", "1970-01-01", "1970-01-01 00:00:00Z", "1970-13-01T00:00:00Z", "1970-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:00:00", "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00Zx", "+970-01-01T00:00:00Z", "1970-01-01T00:00:00+0200",
    ])
    func otherTimesAreRefused(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func linkHasSevenFieldsInTheOriginalsOrder() {
        var link = Link(
            url: "http://a", title: "t", description: "d", status: .pending, tags: [],
            createdAt: Timestamp(seconds: 0, nanoseconds: 5), updatedAt: Timestamp(seconds: 1))
        let times = #""CreatedAt":"1970-01-01T00:00:00Z","UpdatedAt":"1970-01-01T00:00:01Z""#
        let head = #"{"Url":"http://a","Title":"t","Description":"d","Status":"pending","Tags":"#
        #expect(link.json.text == "\(head)null,\(times)}")
        link.tags = ["b", "a"]
        #expect(link.json.text == "\(head){\"a\":true,\"b\":true},\(times)}")
    }

    @Test func onlyAPageWithASuccessorHasAToken() {
        #expect(LinkPage(links: [], nextToken: nil).json.text == #"{"links":null,"err":""}"#)
        #expect(
            LinkPage(links: [], nextToken: "p").json.text == #"{"links":null,"err":"","NextPageToken":"p"}"#)
    }

    @Test func textIsComparedByteForByte() {
        #expect("\u{e9}" == "e\u{301}")
        #expect(ExactText("\u{e9}") != ExactText("e\u{301}"))
        #expect(Set<ExactText>(["\u{e9}", "e\u{301}", "\u{e9}"]).count == 2)
    }
}
