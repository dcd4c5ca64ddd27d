// SPDX-License-Identifier: Apache-2.0

/// Numbered lines as services write them: of mixed lengths, some with UTF-8, some coloured, some empty, some so long that
/// the runtime cuts them in pieces, some with a secret. Pure: the same line each time it is asked for.
struct LogFlood: Sendable {
    static let secret = Array("correct-horse-battery-staple".utf8)
    static let replacement = Array("[redacted secret login:password]".utf8)
    /// 2026-11-28T10:00:00Z.
    private static let start = 1_795_860_000
    private static let linesPerSecond = 100_000
    /// Where containerd cuts a line.
    private static let piece = 16_384

    let count: Int

    /// The first line of that second, or of a later one.
    func firstLine(of second: Int) -> Int { min(max(0, second - Self.start) * Self.linesPerSecond, count) }

    /// A line as the API server sends it with `timestamps=true`, line feed included: long ones with a stamp before each
    /// piece, as many kubelets do.
    func appendStamped(_ index: Int, to bytes: inout [UInt8]) {
        appendStamp(index, to: &bytes)
        guard isLong(index) else {
            appendText(index, secret: Self.secret, to: &bytes)
            bytes.append(0x0A)
            return
        }
        var text: [UInt8] = []
        appendText(index, secret: Self.secret, to: &text)
        var rest = text[...]
        while rest.count > Self.piece {
            bytes += rest.prefix(Self.piece)
            rest = rest.dropFirst(Self.piece)
            appendStamp(index, to: &bytes)
        }
        bytes += rest
        bytes.append(0x0A)
    }

    /// The line as it is to be shown, line feed included.
    func appendShown(_ index: Int, to bytes: inout [UInt8]) {
        appendText(index, secret: Self.replacement, to: &bytes)
        bytes.append(0x0A)
    }

    private func isLong(_ index: Int) -> Bool { index % 1_000 == 500 }

    private func appendText(_ index: Int, secret: [UInt8], to bytes: inout [UInt8]) {
        func add(_ text: StaticString) {
            text.withUTF8Buffer { bytes.append(contentsOf: $0) }
        }
        func number() { appendNumber(index, digits: 7, to: &bytes) }
        if isLong(index) {
            add("dump ")
            number()
            // 38 KB: three pieces.
            for _ in 0..<600 { add(" 0x00007f3a5c0d12e8 = libswiftCore.so + 1184488, in closure #1 (") }
            return
        }
        if index % 97 == 13 {
            add("connecting to postgres://app:")
            bytes += secret
            add("@db:5432/shop, attempt ")
            return number()
        }
        switch index % 12 {
        case 0, 1, 2, 3:
            add("2026-11-28T10:00:00+0000 info link-manager: hb.request.id=a1b3c5d7e9f10246 ")
            add("hb.request.method=GET hb.request.path=/links?username=gigi [HummingbirdCore] Request ")
        case 4, 5:
            add(#"{"level":"warning","logger":"news","message":"slow answer","milliseconds":182,"attempt":2,"n":"#)
            number()
            return add("}")
        case 6:
            add("Grüße aus Köln – 世界 ✓ naïve café 👩‍👩‍👧 ")
        case 7:
            add("\u{1B}[32mINFO\u{1B}[0m listening on [::]:8080 ")
        case 8:
            add("tick ")
        case 9:
            return
        case 10:
            add("\tat closure #1 in LinkManager.updateLink(_:for:) /src/link_service/LinkManager.swift:142 ")
        default:
            add("2026-11-28T10:00:00+0000 error social-graph: following failed: connection reset by peer after 31 ms; ")
            add("will be tried again in 250 ms, as the retry rule of this client says; last good answer at 09:59:58; ")
        }
        number()
    }

    private func appendStamp(_ index: Int, to bytes: inout [UInt8]) {
        let seconds = index / Self.linesPerSecond
        bytes += "2026-11-28T10:".utf8
        appendNumber(seconds / 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        appendNumber(seconds % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        appendNumber(index % Self.linesPerSecond * (1_000_000_000 / Self.linesPerSecond), digits: 9, to: &bytes)
        bytes += "Z ".utf8
    }

    private func appendNumber(_ value: Int, digits: Int, to bytes: inout [UInt8]) {
        let place = bytes.count
        for _ in 0..<digits { bytes.append(0x30) }
        var (rest, position) = (value, place + digits)
        while rest > 0, position > place {
            position -= 1
            bytes[position] = 0x30 + UInt8(rest % 10)
            rest /= 10
        }
    }
}
