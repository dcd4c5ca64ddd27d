// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import KubeClient
import Testing

@Suite struct SecretDataTests {
    @Test(
        arguments: [
            (["stringData": ["a": "x"]], ["data": ["a": "eA=="]]),
            // Text wins over data, as on the server.
            (["data": ["a": "eQ==", "b": "eg=="], "stringData": ["a": "x"]], ["data": ["a": "eA==", "b": "eg=="]]),
            (["data": ["a": "eQ=="]], ["data": ["a": "eQ=="]]),
            (["stringData": ["a": 1]], ["stringData": ["a": 1]]),
        ] as [(JSONValue, JSONValue)])
    func textBecomesData(given: JSONValue, want: JSONValue) {
        func secret(_ value: JSONValue) -> JSONValue {
            var object: JSONValue = ["apiVersion": "v1", "kind": "Secret"]
            for key in value.object?.keys ?? [] { object[key] = value[key] }
            return object
        }
        #expect(SecretData.encoded(secret(given)) == secret(want))
    }

    @Test func otherKindsStay() {
        let object: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "stringData": ["a": "x"]]
        #expect(SecretData.encoded(object) == object)
    }
}
