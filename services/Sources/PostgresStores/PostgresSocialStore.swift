// SPDX-License-Identifier: Apache-2.0

package import ObjectModel
import SocialCore

/// The social graph in the original's table.
package struct PostgresSocialStore: SocialStore {
    package static let database = "social_graph_manager"

    private let pool: PostgresPool

    package init(_ pool: PostgresPool) {
        self.pool = pool
    }

    static let migrations = [
        """
        CREATE TABLE IF NOT EXISTS social_graph (
            id bigserial PRIMARY KEY, followed text NOT NULL, follower text NOT NULL, UNIQUE (followed, follower));
        CREATE INDEX IF NOT EXISTS social_graph_followed ON social_graph (followed);
        CREATE INDEX IF NOT EXISTS social_graph_follower ON social_graph (follower);

        """
    ]

    package func prepare(patience: Duration) async throws {
        try await pool.prepare(Self.migrations, patience: patience)
    }

    package func follow(followed: String, follower: String) async throws {
        let rows = try await pool.run { session in
            try session.query(
                "INSERT INTO social_graph (followed, follower) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id",
                [followed, follower])
        }
        if rows.isEmpty { throw SocialError.alreadyFollowing(followed: followed, follower: follower) }
    }

    package func unfollow(followed: String, follower: String) async throws {
        let rows = try await pool.run { session in
            try session.query(
                "DELETE FROM social_graph WHERE followed = $1 AND follower = $2 RETURNING id", [followed, follower])
        }
        if rows.isEmpty { throw SocialError.unableToUnfollow }
    }

    package func following(_ user: String) async throws -> Set<ExactText> {
        try await names("SELECT followed FROM social_graph WHERE follower = $1", user)
    }

    package func followers(of user: String) async throws -> Set<ExactText> {
        try await names("SELECT follower FROM social_graph WHERE followed = $1", user)
    }

    private func names(_ statement: String, _ user: String) async throws -> Set<ExactText> {
        let rows = try await pool.run { session in try session.query(statement, [user]) }
        return Set(rows.compactMap { $0.first.flatMap { $0 }.map { ExactText($0) } })
    }
}
