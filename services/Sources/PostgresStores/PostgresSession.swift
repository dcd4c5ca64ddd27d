// SPDX-License-Identifier: Apache-2.0

internal import CPostgres
import Glibc

/// The owner of one connection of libpq. All of its calls block, so it lives in an actor with a queue of its own.
package struct PostgresSession: ~Copyable {
    private let handle: OpaquePointer

    /// Seconds for one try to connect.
    static let connectTimeout = 3

    /// Connects, or throws `PostgresError`.
    init(_ address: PostgresAddress) throws(PostgresError) {
        let settings = [
            ("host", address.host), ("port", String(address.port)), ("dbname", address.database),
            ("user", address.user), ("password", address.password), ("sslmode", "disable"),
            ("connect_timeout", String(Self.connectTimeout)), ("application_name", "delinkcious"),
            ("client_encoding", "UTF8"), ("keepalives_idle", "10"), ("tcp_user_timeout", "10000"),
        ]
        let connection = withTexts(settings.map { $0.0 }) { keywords in
            withTexts(settings.map { $0.1 }) { values in PQconnectdbParams(keywords, values, 0) }
        }
        guard let connection else { throw PostgresError(state: "", message: "no memory") }
        guard PQstatus(connection) == CONNECTION_OK else {
            let message = firstLine(PQerrorMessage(connection))
            PQfinish(connection)
            throw PostgresError(state: "", message: message)
        }
        handle = connection
    }

    deinit { PQfinish(handle) }

    /// Whether the server is still there, as far as can be told without asking it: reads what has arrived.
    var isAlive: Bool {
        PQstatus(handle) == CONNECTION_OK && PQconsumeInput(handle) == 1 && PQstatus(handle) == CONNECTION_OK
    }

    /// Runs one statement with its parameters and returns the rows, each value as text. Nothing that came from a client
    /// is ever part of `statement`.
    @discardableResult
    package borrowing func query(
        _ statement: String, _ parameters: [String] = []
    ) throws(PostgresError) -> [[String?]] {
        // A zero byte would end the text early: what is stored would not be what was sent.
        guard !parameters.contains(where: { $0.utf8.contains(0) }) else {
            throw PostgresError(state: "22021", message: "text with a zero byte cannot be stored")
        }
        let result = withTexts(parameters) { values in
            PQexecParams(handle, statement, Int32(parameters.count), nil, values, nil, nil, 0)
        }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK: return []
        case PGRES_TUPLES_OK:
            let (rows, columns) = (PQntuples(result), PQnfields(result))
            return (0..<rows).map { row in
                (0..<columns).map { column in
                    PQgetisnull(result, row, column) == 1
                        ? nil : PQgetvalue(result, row, column).map { String(cString: $0) }
                }
            }
        default:
            guard PQstatus(handle) == CONNECTION_OK, let state = PQresultErrorField(result, Int32(UInt8(ascii: "C")))
            else { throw PostgresError(state: "", message: firstLine(PQerrorMessage(handle))) }
            let message = PQresultErrorField(result, Int32(UInt8(ascii: "M")))
            throw PostgresError(state: String(cString: state), message: firstLine(message))
        }
    }

    /// Runs `body` in a transaction; what it throws undoes everything.
    package borrowing func transaction<Result>(
        _ body: (borrowing PostgresSession) throws -> Result
    ) throws -> Result {
        try query("BEGIN")
        do {
            let result = try body(self)
            try query("COMMIT")
            return result
        } catch {
            _ = try? query("ROLLBACK")
            throw error
        }
    }
}

/// An array of C strings with an end, for as long as `body` runs.
private func withTexts<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
) -> Result {
    let pointers = texts.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    let all = pointers.map { UnsafePointer($0) } + [nil]
    return all.withUnsafeBufferPointer { body($0.baseAddress) }
}

private func firstLine(_ text: UnsafePointer<CChar>?) -> String {
    guard let text else { return "no reason given" }
    return String(String(cString: text).split(whereSeparator: \.isNewline).first ?? "no reason given")
}
