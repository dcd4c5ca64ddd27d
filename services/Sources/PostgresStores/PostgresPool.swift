// SPDX-License-Identifier: Apache-2.0

import Blocking
package import ObjectModel
package import ServiceKit
import Synchronization
import Wire

/// A few connections to one database, which its users share; each has one for a statement or a transaction.
package final class PostgresPool: Sendable {
    /// Connections; PostgreSQL gives a hundred to everybody together.
    static let size = 8

    private let address: PostgresAddress
    private let log: ServiceLog
    private let gate: Gate
    private let idle: Mutex<[PostgresConnection]>

    package init(_ address: PostgresAddress, log: ServiceLog) {
        self.address = address
        self.log = log
        gate = Gate(width: Self.size)
        idle = Mutex((0..<Self.size).map { _ in PostgresConnection(address) })
    }

    /// Runs `work` on a connection. Throws `DomainError`: one of `work`'s own, or in words that say nothing of the
    /// database; what it said itself is in the log.
    package func run<Result: Sendable>(
        _ work: @escaping @Sendable (borrowing PostgresSession) throws -> Result
    ) async throws -> Result {
        do {
            return try await gate.pass {
                // The gate lets in as many as there are connections; the last used is the one that is open.
                guard let connection = idle.withLock({ $0.popLast() }) else { throw Gate.Full() }
                defer { idle.withLock { $0.append(connection) } }
                return try await connection.run(work)
            }
        } catch let error as PostgresError {
            log.note("\(error)")
            throw error.state.isEmpty ? Self.away : Self.refused
        } catch is Gate.Full {
            throw Self.busy
        }
    }

    package static let away = DomainError("the database does not answer")
    package static let refused = DomainError("the database refused the request")
    package static let busy = DomainError("the database is busy")

    /// Makes the database, if it is not there, and brings its tables up to date. The database may come later than the
    /// service: tries again with growing pauses until `patience` is over, then throws.
    func prepare(_ migrations: [String], patience: Duration) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        var pause = Duration.milliseconds(100)
        while true {
            do {
                try await migrate(migrations)
                return
            } catch let error as PostgresError {
                try Task.checkCancellation()
                guard clock.now + pause < deadline else { throw error }
                log.note("\(error); trying again", ["host": .string(address.host), "port": .string("\(address.port)")])
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(2))
        }
    }

    private func migrate(_ migrations: [String]) async throws {
        let address = address
        var maintenance = address
        maintenance.database = "postgres"
        try await PostgresConnection(maintenance).run { session in
            let found = try session.query("SELECT 1 FROM pg_database WHERE datname = $1", [address.database])
            guard found.isEmpty else { return }
            do throws(PostgresError) {
                // A name cannot be a parameter; this one is a constant of ours.
                try session.query("CREATE DATABASE \(address.database)")
            } catch {
                guard error.isDuplicate else { throw error }
            }
        }
        let first = try idle.withLock { idle throws(Gate.Full) in
            guard let connection = idle.last else { throw Gate.Full() }
            return connection
        }
        try await first.run { session in
            try session.transaction { session in
                // One program at a time; the others find the work done.
                try session.query("SELECT pg_advisory_xact_lock(4711)")
                try session.query("CREATE TABLE IF NOT EXISTS schema_migrations (version integer PRIMARY KEY)")
                let rows = try session.query("SELECT coalesce(max(version), 0) FROM schema_migrations")
                let version = rows.first?.first.flatMap { $0 }.flatMap { Int($0) } ?? 0
                for (index, migration) in migrations.enumerated() where index >= version {
                    for statement in migration.split(separator: ";\n") { try session.query(String(statement)) }
                    try session.query("INSERT INTO schema_migrations VALUES ($1)", [String(index + 1)])
                }
            }
        }
    }
}
