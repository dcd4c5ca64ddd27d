// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import Wire

/// A call of gRPC that has one message each way.
package struct GRPCMethod: Sendable {
    /// Package, service and method, e.g. `/pb.News/GetNews`.
    package var path: String
    /// Takes the request's message and returns the answer's. What it throws, other than `GRPCStatus`, is `internal`.
    package var answer: @Sendable ([UInt8]) async throws -> [UInt8]

    package init(_ path: String, answer: @escaping @Sendable ([UInt8]) async throws -> [UInt8]) {
        self.path = path
        self.answer = answer
    }

    /// The health service's method: whoever reaches the server finds it serving, with all of its services.
    static func health(services: [String]) -> GRPCMethod {
        GRPCMethod("/grpc.health.v1.Health/Check") { bytes in
            var reader = ProtobufReader(bytes)
            var service = ""
            do throws(DomainError) {
                while let (field, value) = try reader.next() {
                    if field == 1, case .bytes(let text) = value { service = String(decoding: text, as: UTF8.self) }
                }
            } catch {
                throw GRPCStatus(.invalidArgument, error.text)
            }
            guard service.isEmpty || services.contains(service) else { throw GRPCStatus(.notFound, "unknown service") }
            var writer = ProtobufWriter()
            writer.number(1, 1)
            return writer.bytes
        }
    }
}

/// How a call ended.
package struct GRPCStatus: Error, Hashable, Sendable {
    /// The numbers are those on the wire.
    package enum Code: Int, Sendable {
        case ok = 0
        case invalidArgument = 3
        case notFound = 5
        case resourceExhausted = 8
        case unimplemented = 12
        case `internal` = 13
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
