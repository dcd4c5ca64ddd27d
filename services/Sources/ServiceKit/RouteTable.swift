// SPDX-License-Identifier: Apache-2.0

import ObjectModel
package import Wire

/// One method of one path, and what answers it.
package struct Route: Sendable {
    package var method: String
    /// Segments between slashes; at most one is `{name}` and takes any text without a slash.
    package var path: String
    package var answer: @Sendable (Call) async -> Reply

    package init(_ method: String, _ path: String, answer: @escaping @Sendable (Call) async -> Reply) {
        self.method = method
        self.path = path
        self.answer = answer
    }
}

/// Finds routes by the original's rules: the path is decoded and then compared exactly, so a closing slash makes
/// another path and an escaped slash is a slash; a known path refuses every method that it was not given, HEAD too.
package struct RouteTable: Sendable {
    /// What a request meets.
    package enum Match: Sendable {
        case route(Route, parameter: String)
        case otherMethod(allowed: [String])
        case unknownPath
        /// The target cannot be decoded.
        case badTarget
    }

    private let routes: [Route]

    package init(_ routes: [Route]) {
        self.routes = routes
    }

    /// - Parameter path: the request target without its query, still escaped.
    package func match(method: String, path: some StringProtocol) -> Match {
        guard let decoded = try? percentDecoded(path.utf8) else { return .badTarget }
        let segments = Self.segments(decoded)
        var allowed: [String] = []
        for route in routes {
            guard let parameter = Self.compare(Self.segments(route.path), segments) else { continue }
            if route.method == method { return .route(route, parameter: parameter) }
            allowed.append(route.method)
        }
        return allowed.isEmpty ? .unknownPath : .otherMethod(allowed: allowed)
    }

    private static func segments(_ path: String) -> [Substring.UTF8View] {
        path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Substring($0).utf8 }
    }

    private static func compare(_ pattern: [Substring.UTF8View], _ path: [Substring.UTF8View]) -> String? {
        guard pattern.count == path.count else { return nil }
        var parameter = ""
        for (want, have) in zip(pattern, path) {
            if want.first == UInt8(ascii: "{") {
                guard !have.isEmpty else { return nil }
                parameter = String(Substring(have))
            } else if !want.elementsEqual(have) {
                return nil
            }
        }
        return parameter
    }
}
