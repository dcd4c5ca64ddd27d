// SPDX-License-Identifier: Apache-2.0

import Bus
import GRPCKit
import NewsCore
import ObjectModel
import RedisStore
import ServiceKit
import Stores
import Wire

@main
enum NewsProgram {
    /// As in the original.
    static let defaultPort = 6_060
    static let redisPort = 6_379

    static func main() async {
        await Program.run(
            "news_service",
            service: {
                try describe($0, log: ServiceLog(name: "news manager", style: .plain))
            })
    }

    /// The service that the environment asks for.
    /// - Parameter bus: where events come from; the environment's unless given.
    static func describe(
        _ settings: Settings, log: ServiceLog, bus given: (any MessageBus)? = nil,
        listening: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(DomainError) -> GRPCServer {
        let (host, port) = try settings.listener(port: defaultPort)
        var preparation: [@Sendable () async throws -> Void] = []
        let store: any NewsStore
        let redisHost = settings["NEWS_MANAGER_REDIS_SERVICE_HOST"] ?? settings["NEWS_MANAGER_REDIS_FALLBACK_HOST"]
        if let redisHost {
            let redisPort = try settings.port("NEWS_MANAGER_REDIS_SERVICE_PORT", default: redisPort)
            let patience = Duration.seconds(try settings.integer("STORE_PATIENCE_SECONDS", default: 60))
            let redis = RedisNewsStore(host: redisHost, port: redisPort)
            preparation.append {
                try await redis.prepare(patience: patience) { reason in
                    log.note("no Redis yet: \(reason)", ["address": .string("\(redisHost):\(redisPort)")])
                }
            }
            store = redis
        } else {
            store = MemoryNewsStore()
        }
        let manager = NewsManager(store: store)
        var background: [@Sendable () async -> Void] = []
        if let bus = try settings.bus(given, name: "news manager", log: log) {
            background.append { await LinkEvents(bus: bus, manager: manager, log: log).run() }
        }
        return GRPCServer(
            host: host, port: port, log: log, services: ["pb.News"], methods: [getNews(manager, log)],
            preparation: preparation, background: background, listening: listening)
    }

    /// A refusal travels in the answer, with gRPC's status OK, as in the original.
    private static func getNews(_ manager: NewsManager, _ log: ServiceLog) -> GRPCMethod {
        GRPCMethod("/pb.News/GetNews") { bytes in
            let request: GetNewsRequest
            do {
                request = try GetNewsRequest(protobuf: bytes)
            } catch {
                throw GRPCStatus(.internal, "\(error)")
            }
            do {
                let page = try await manager.news(of: request.username, startToken: request.startToken)
                return GetNewsResponse(page: page).protobuf
            } catch {
                log.note("no news", ["reason": .string("\(error)")])
                return GetNewsResponse(err: "\(error)").protobuf
            }
        }
    }
}
