// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Writes a Secret as the server keeps it. `stringData` is write-only: an apply that holds it never equals what is
/// there, so that each one would count as a change.
package enum SecretData {
    package static func encoded(_ object: JSONValue) -> JSONValue {
        guard object["kind"]?.string == "Secret", object["apiVersion"]?.string == "v1",
            let text = object["stringData"]?.object
        else { return object }
        var data = object["data"]?.object ?? JSONObject()
        for key in text.keys {
            // Anything else is for the server to refuse.
            guard let string = text[key]?.string else { return object }
            data[key] = .string(Base64.encode(string.utf8))
        }
        guard var result = object.object else { return object }
        result["stringData"] = nil
        result["data"] = .object(data)
        return .object(result)
    }
}
