// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// What `pb.News/GetNews` asks for.
package struct GetNewsRequest: Hashable, Sendable {
    package var username = ""
    package var startToken = ""

    package init(username: String, startToken: String) {
        self.username = username
        self.startToken = startToken
    }

    /// Reads `username`=1 and `startToken`=2; the later of two equal fields wins, others are ignored.
    package init(protobuf bytes: [UInt8]) throws(DomainError) {
        var reader = ProtobufReader(bytes)
        while let (field, value) = try reader.next() {
            guard case .bytes(let text) = value else { continue }
            switch field {
            case 1: username = String(decoding: text, as: UTF8.self)
            case 2: startToken = String(decoding: text, as: UTF8.self)
            default: break
            }
        }
    }

    package var protobuf: [UInt8] {
        var writer = ProtobufWriter()
        writer.text(1, username)
        writer.text(2, startToken)
        return writer.bytes
    }
}

/// What it answers: a page, or the words of a refusal.
package struct GetNewsResponse: Hashable, Sendable {
    package var page: NewsPage
    package var err: String

    package init(page: NewsPage = NewsPage(events: [], nextToken: ""), err: String = "") {
        self.page = page
        self.err = err
    }

    /// `events`=1, `nextToken`=2, `err`=3.
    package var protobuf: [UInt8] {
        var writer = ProtobufWriter()
        for event in page.events { writer.message(1, event.protobuf) }
        writer.text(2, page.nextToken)
        writer.text(3, err)
        return writer.bytes
    }

    package init(protobuf bytes: [UInt8]) throws(DomainError) {
        self.init()
        var reader = ProtobufReader(bytes)
        while let (field, value) = try reader.next() {
            guard case .bytes(let inner) = value else { continue }
            switch field {
            case 1: page.events.append(try NewsEvent(protobuf: inner))
            case 2: page.nextToken = String(decoding: inner, as: UTF8.self)
            case 3: err = String(decoding: inner, as: UTF8.self)
            default: break
            }
        }
    }
}

extension NewsEvent {
    /// `eventType`=1, `username`=2, `url`=3, `timestamp`=4.
    var protobuf: [UInt8] {
        var writer = ProtobufWriter()
        writer.number(1, Int64(kind.rawValue))
        writer.text(2, username)
        writer.text(3, url)
        var inner = ProtobufWriter()
        inner.number(1, time.seconds)
        inner.number(2, Int64(time.nanoseconds))
        writer.message(4, inner.bytes)
        return writer.bytes
    }

    init(protobuf bytes: [UInt8]) throws(DomainError) {
        self.init(kind: .added, username: "", url: "", time: Timestamp(seconds: 0))
        var reader = ProtobufReader(bytes)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .number(let number)):
                guard let kind = LinkEvent.Kind(rawValue: Int(truncatingIfNeeded: number)) else {
                    throw DomainError("there is no event of type \(number)")
                }
                self.kind = kind
            case (2, .bytes(let text)): username = String(decoding: text, as: UTF8.self)
            case (3, .bytes(let text)): url = String(decoding: text, as: UTF8.self)
            case (4, .bytes(let inner)): time = try Timestamp(protobuf: inner)
            default: break
            }
        }
    }
}

extension Timestamp {
    fileprivate init(protobuf bytes: [UInt8]) throws(DomainError) {
        self.init(seconds: 0)
        var reader = ProtobufReader(bytes)
        while let (field, value) = try reader.next() {
            guard case .number(let number) = value else { continue }
            if field == 1 { seconds = Int64(bitPattern: number) }
            if field == 2 { nanoseconds = Int32(truncatingIfNeeded: number) }
        }
    }
}
