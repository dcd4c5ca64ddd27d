// SPDX-License-Identifier: Apache-2.0

import Blocking

/// One connection, made when it is first needed and made anew when the server has gone meanwhile.
actor PostgresConnection {
    private let executor = QueueExecutor(label: "delinkcious.postgres")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let address: PostgresAddress
    private var session: PostgresSession?

    init(_ address: PostgresAddress) {
        self.address = address
    }

    /// Runs `work` on the connection. A connection that breaks in it is not used again; whether what it did is stored,
    /// nobody knows then, so it is not repeated.
    func run<Result: Sendable>(_ work: @Sendable (borrowing PostgresSession) throws -> Result) throws -> Result {
        let session = try take()
        let result = Swift.Result { try work(session) }
        if session.isAlive { self.session = consume session }
        return try result.get()
    }

    private func take() throws(PostgresError) -> PostgresSession {
        if let session = session.take(), session.isAlive { return session }
        return try PostgresSession(address)
    }
}
