// SPDX-License-Identifier: Apache-2.0

package import Wire

/// A request as a route sees it.
package struct Call: Sendable {
    /// What stood at `{name}` in the route's path, decoded once, as the whole path is.
    package var parameter: String
    package var query: Query
    /// Header fields by lower-case name; of several fields with one name, the first.
    package var headers: [String: String]
    package var body: [UInt8]

    package init(
        parameter: String = "", query: Query = Query(""), headers: [String: String] = [:], body: [UInt8] = []
    ) {
        self.parameter = parameter
        self.query = query
        self.headers = headers
        self.body = body
    }
}
