// SPDX-License-Identifier: Apache-2.0

import Glibc
import Hashing
import Testing

@Suite struct SHA256Tests {
    /// Test vectors of FIPS 180-4 as published by NIST.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func digestsPublishedVectors(text: String, hex: String) {
        let digest = SHA256.digest(of: Array(text.utf8))
        #expect(digest.hex == hex)
        #expect(ContentDigest("sha256:\(hex)") == digest)
    }

    @Test func readsAFileLikeItsBytes() throws {
        let path = "/proc/self/exe"
        let whole = try SHA256.digest(ofFile: path)
        #expect(try SHA256.digest(ofFile: path) == whole)
        #expect(throws: FileReadError.self) { try SHA256.digest(ofFile: "/nowhere/at/all") }
    }

    @Test(arguments: ["", "abc", String(repeating: "g", count: 64), String(repeating: "a", count: 63)])
    func refusesWhatIsNoDigest(text: String) {
        #expect(ContentDigest(text) == nil)
    }
}
