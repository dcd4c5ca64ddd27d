// SPDX-License-Identifier: Apache-2.0

package import LinkCore
package import ObjectModel
import Wire

/// Links and their tags in the original's tables.
package struct PostgresLinkStore: LinkStore {
    package static let database = "link_manager"
    /// Rows that are read at a time when patterns have to be searched for.
    static let batch = 100

    private let pool: PostgresPool

    package init(_ pool: PostgresPool) {
        self.pool = pool
    }

    /// An address may be longer than an index takes, so the unique index is over a digest of it.
    static let migrations = [
        """
        DO $$ BEGIN CREATE TYPE link_status AS ENUM ('pending', 'valid', 'invalid'); EXCEPTION
            WHEN duplicate_object THEN NULL; END $$;
        CREATE TABLE IF NOT EXISTS links (
            id bigserial PRIMARY KEY, username text NOT NULL, url text NOT NULL, title text NOT NULL,
            description text NOT NULL, status link_status NOT NULL, created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL);
        CREATE UNIQUE INDEX IF NOT EXISTS links_username_url ON links (username, md5(url));
        CREATE INDEX IF NOT EXISTS links_username ON links (username, created_at, id);
        CREATE TABLE IF NOT EXISTS tags (
            id bigserial PRIMARY KEY, link_id bigint NOT NULL REFERENCES links ON DELETE CASCADE, name text NOT NULL,
            UNIQUE (link_id, name));
        CREATE INDEX IF NOT EXISTS tags_name ON tags (name);

        """
    ]

    package func prepare(patience: Duration) async throws {
        try await pool.prepare(Self.migrations, patience: patience)
    }

    package func links(_ query: LinkQuery) async throws -> LinkPage {
        var found: [LinkRow] = []
        var after = query.after
        while true {
            let rows = try await rows(query, after: after)
            for row in rows where matches(row.link, query) {
                guard found.count < query.limit else {
                    let last = found[found.count - 1]
                    return LinkPage(
                        links: found.map(\.link),
                        nextToken: PageStart.token(createdAt: last.link.createdAt, number: last.number))
                }
                found.append(row)
            }
            guard rows.count == Self.batch, let last = rows.last else { break }
            after = .link(createdAt: last.link.createdAt, number: last.number)
        }
        return LinkPage(links: found.map(\.link), nextToken: nil)
    }

    package func insert(_ request: AddLinkRequest, limit: Int, at now: Timestamp) async throws -> Link {
        // What the database keeps of the time, so that the answer and the page tokens are those of later readers.
        let now = now.inMicroseconds
        try await pool.run { session in
            try session.transaction { session in
                // Adds of one user wait for each other: the count must still be right when the link is there.
                try session.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [request.username])
                let count = try session.query("SELECT count(*) FROM links WHERE username = $1", [request.username])
                guard let text = count.first?.first.flatMap({ $0 }), let number = Int(text), number < limit else {
                    throw LinkError.tooMany
                }
                let rows = try session.query(
                    """
                    INSERT INTO links (username, url, title, description, status, created_at, updated_at)
                    VALUES ($1, $2, $3, $4, 'pending', $5::timestamptz, $5::timestamptz)
                    ON CONFLICT DO NOTHING RETURNING id
                    """,
                    [request.username, request.url, request.title, request.description, now.exactRFC3339])
                guard let id = rows.first?.first.flatMap({ $0 }) else {
                    throw LinkError.duplicate(request.url, of: request.username)
                }
                for tag in request.tags.sorted() { try Self.add(tag, to: id, session) }
            }
        }
        return Link(
            url: request.url, title: request.title, description: request.description, status: .pending,
            tags: request.tags, createdAt: now, updatedAt: now)
    }

    package func update(_ request: UpdateLinkRequest, at now: Timestamp) async throws -> Link {
        try await pool.run { session in
            try session.transaction { session in
                let rows = try session.query(
                    """
                    UPDATE links SET title = CASE WHEN $3 = '' THEN title ELSE $3 END,
                        description = CASE WHEN $4 = '' THEN description ELSE $4 END, updated_at = $5::timestamptz
                    WHERE username = $1 AND md5(url) = md5($2) AND url = $2 RETURNING id
                    """,
                    [request.username, request.url, request.title, request.description, now.exactRFC3339])
                guard let id = rows.first?.first.flatMap({ $0 }) else { throw LinkError.updateFailed }
                for tag in request.removeTags.sorted() {
                    try session.query("DELETE FROM tags WHERE link_id = $1::bigint AND name = $2", [id, tag.text])
                }
                for tag in request.addTags.sorted() { try Self.add(tag, to: id, session) }
                let stored = try session.query("\(LinkRow.select) WHERE l.id = $1::bigint", [id])
                guard let row = stored.first.flatMap({ LinkRow($0) }) else { throw LinkError.updateFailed }
                return row.link
            }
        }
    }

    package func delete(url: String, of user: String) async throws {
        try await pool.run { session in
            _ = try session.query(
                "DELETE FROM links WHERE username = $1 AND md5(url) = md5($2) AND url = $2", [user, url])
        }
    }

    package func setStatus(_ status: LinkStatus, url: String, of user: String) async throws {
        try await pool.run { session in
            _ = try session.query(
                """
                UPDATE links SET status = $3::link_status WHERE username = $1 AND md5(url) = md5($2) AND url = $2
                """, [user, url, status.rawValue])
        }
    }

    private static func add(_ tag: ExactText, to id: String, _ session: borrowing PostgresSession) throws {
        try session.query(
            "INSERT INTO tags (link_id, name) VALUES ($1::bigint, $2) ON CONFLICT DO NOTHING", [id, tag.text])
    }

    private func rows(_ query: LinkQuery, after: PageStart?) async throws -> [LinkRow] {
        var statement = "\(LinkRow.select) WHERE l.username = $1"
        var parameters = [query.username]
        if !query.tag.isEmpty {
            parameters.append(query.tag)
            statement += " AND EXISTS (SELECT 1 FROM tags t WHERE t.link_id = l.id AND t.name = $\(parameters.count))"
        }
        switch after {
        case .instant(let instant)?:
            parameters.append(instant.exactRFC3339)
            statement += " AND l.created_at > $\(parameters.count)::timestamptz"
        case .link(let time, let number)?:
            parameters += [time.exactRFC3339, String(number)]
            statement +=
                " AND (l.created_at, l.id) > ($\(parameters.count - 1)::timestamptz, $\(parameters.count)::bigint)"
        case nil: break
        }
        statement += " ORDER BY l.created_at, l.id LIMIT \(Self.batch)"
        let (text, values) = (statement, parameters)
        return try await pool.run { session in try session.query(text, values) }.compactMap { LinkRow($0) }
    }

    private func matches(_ link: Link, _ query: LinkQuery) -> Bool {
        if let url = query.url, !url.isFound(in: link.url) { return false }
        if let title = query.title, !title.isFound(in: link.title) { return false }
        if let description = query.description, !description.isFound(in: link.description) { return false }
        return true
    }
}
