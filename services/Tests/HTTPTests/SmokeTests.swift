// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import ServiceKit
import Testing
import Wire

@testable import smoke

/// The smoke program against the services in this process, and against what is no system.
@Suite(.timeLimit(.minutes(1))) struct SmokeTests {
    @Test func everyStepPassesAndNothingIsLeft() async throws {
        try await GatewayTests.withGateway { port in
            let gateway = Gateway(caller: HTTPCaller(host: "127.0.0.1", port: port), token: "t1")
            for _ in 0..<2 {
                for step in Scenario(gateway: gateway).steps {
                    await #expect(throws: Never.self, "\(step.name)") { try await step.run() }
                }
            }
            let links = try await gateway.links()
            #expect(links.links.isEmpty)
            let names = try await gateway.names("following")
            #expect(names.isEmpty)
        }
    }

    @Test func againstNothingEveryStepFails() async {
        let gateway = Gateway(caller: HTTPCaller(host: "127.0.0.1", port: 1), token: "t1")
        for step in Scenario(gateway: gateway).steps {
            await #expect(throws: (any Error).self, "\(step.name)") { try await step.run() }
        }
    }

    @Test(arguments: [
        ("http://localhost:5000", "localhost:5000"), ("http://a/", "a:80"), ("http://10.0.0.1:1/", "10.0.0.1:1"),
        ("https://a", nil), ("a:1", nil), ("http://", nil), ("http://a:b", nil), ("http://a:1:2", nil),
        ("http://a/b", nil),
    ])
    func readsItsAddress(url: String, want: String?) {
        #expect(SmokeProgram.address(in: url).map { "\($0.host):\($0.port)" } == want)
    }
}
