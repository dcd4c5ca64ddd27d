// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing

@Suite struct JSONObjectTests {
    @Test func equalityIgnoresOrder() {
        let one: JSONObject = ["a": 1, "b": 2]
        #expect(one == ["b": 2, "a": 1])
        #expect(one != ["a": 1])
        #expect(one != ["a": 1, "b": 3])
        #expect(one != ["a": 1, "c": 2])
        #expect(JSONObject() == [:])
    }

    @Test func keepsPlaces() {
        var object = JSONObject([("a", 1), ("b", 2), ("a", 3)])
        #expect(object.keys == ["a", "b"])
        object["c"] = 4
        object["a"] = 5
        object["b"] = nil
        object["missing"] = nil
        #expect(object.keys == ["a", "c"])
        #expect(object["a"] == 5)
        #expect(object.count == 2)
        #expect(!object.isEmpty)
        object["c"] = JSONValue.null
        #expect(object["c"]?.isNull == true, "a null is a value")
    }

    @Test func readsAndWritesThroughValues() {
        var value: JSONValue = ["a": ["b": [1, 2]]]
        #expect(value.at("a", "b")?[1] == 2)
        #expect(value.at("a", "x", "b") == nil)
        #expect(value["a"]?["b"]?[2] == nil)
        #expect(value["a"]?["b"]?[-1] == nil)
        #expect(JSONValue.int(1)["a"] == nil)
        value["n"] = 7
        #expect(value["n"]?.int == 7)
        #expect(value["n"]?.double == 7)
        #expect(value["n"]?.string == nil)
        var number: JSONValue = 1
        number["a"] = true
        #expect(number == ["a": true])
    }
}
