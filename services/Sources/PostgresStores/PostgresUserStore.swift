// SPDX-License-Identifier: Apache-2.0

package import ObjectModel
import UserCore

/// Users and sessions in the original's tables.
package struct PostgresUserStore: UserStore {
    package static let database = "user_manager"

    private let pool: PostgresPool

    package init(_ pool: PostgresPool) {
        self.pool = pool
    }

    static let migrations = [
        """
        CREATE TABLE IF NOT EXISTS users (
            id bigserial PRIMARY KEY, name text NOT NULL UNIQUE, email text NOT NULL UNIQUE);
        CREATE TABLE IF NOT EXISTS sessions (
            id bigserial PRIMARY KEY, user_id bigint NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE,
            session text NOT NULL UNIQUE, created_at timestamptz NOT NULL);

        """
    ]

    package func prepare(patience: Duration) async throws {
        try await pool.prepare(Self.migrations, patience: patience)
    }

    package func register(name: String, email: String) async throws {
        try await pool.run { session in
            let added = try session.query(
                "INSERT INTO users (name, email) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id", [name, email])
            guard added.isEmpty else { return }
            let known = try session.query("SELECT 1 FROM users WHERE name = $1", [name])
            throw known.isEmpty ? UserError.emailTaken : UserError.alreadyRegistered
        }
    }

    package func open(session name: String, of user: String, at now: Timestamp) async throws {
        try await pool.run { session in
            let opened = try session.query(
                """
                INSERT INTO sessions (user_id, session, created_at) SELECT id, $2, $3::timestamptz FROM users
                WHERE name = $1 ON CONFLICT (user_id) DO NOTHING RETURNING id
                """, [user, name, now.exactRFC3339])
            guard opened.isEmpty else { return }
            let known = try session.query("SELECT 1 FROM users WHERE name = $1", [user])
            throw known.isEmpty ? UserError.noRow : UserError.alreadyLoggedIn
        }
    }

    package func close(session name: String, of user: String) async throws {
        try await pool.run { session in
            let closed = try session.query(
                """
                DELETE FROM sessions USING users
                WHERE users.id = sessions.user_id AND users.name = $1 AND sessions.session = $2 RETURNING sessions.id
                """, [user, name])
            guard closed.isEmpty else { return }
            let open = try session.query(
                "SELECT 1 FROM sessions JOIN users ON users.id = sessions.user_id WHERE users.name = $1", [user])
            throw open.isEmpty ? UserError.notLoggedIn : UserError.invalidSession
        }
    }
}
