// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport

/// Which part of a container's log is wanted.
package struct LogOptions: Sendable {
    /// The container's previous life.
    package var previous = false
    /// Only the last lines; nil for all.
    package var tailLines: Int?
    /// Only lines from that second on.
    package var since: LogTimestamp?
    /// Goes on while the container runs.
    package var follow = true

    package init(
        previous: Bool = false, tailLines: Int? = nil, since: LogTimestamp? = nil, follow: Bool = true
    ) {
        self.previous = previous
        self.tailLines = tailLines
        self.since = since
        self.follow = follow
    }
}

/// Lines of one log request, pulled: while nobody reads, the server waits.
package struct LogStream: AsyncSequence, Sendable {
    package typealias Element = LogLine
    let open: @Sendable () async throws -> HTTPBody

    package struct AsyncIterator: AsyncIteratorProtocol {
        /// A longer line arrives in pieces; only the first carries the stamp.
        private static let maximumLine = 256 << 10
        let open: @Sendable () async throws -> HTTPBody
        private var lines: LineReader?

        init(open: @escaping @Sendable () async throws -> HTTPBody) { self.open = open }

        /// The line that came last may not be whole: it stands at the end without a line feed.
        var isCut: Bool { lines?.isCut ?? false }

        /// - Throws: `DevloopError`; the request is sent with the first call.
        package mutating func next() async throws -> LogLine? {
            if lines == nil { lines = LineReader(try await open(), maximumLine: Self.maximumLine) }
            while let line = try await lines?.next().map({ LogLine(stamped: $0) }) {
                if !line.isApology { return line }
            }
            return nil
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(open: open) }
}

extension KubeClient {
    /// The log of a container, once; see ``followLogs(namespace:pod:container:life:options:)`` for one that survives breaks.
    package func logs(
        namespace: String, pod: String, container: String, options: LogOptions = LogOptions()
    ) -> LogStream {
        var query = [("container", container), ("timestamps", "true")]
        if options.follow { query.append(("follow", "true")) }
        if options.previous { query.append(("previous", "true")) }
        if let lines = options.tailLines { query.append(("tailLines", String(lines))) }
        if let since = options.since { query.append(("sinceTime", since.secondText)) }
        let call = Call(
            APIResource.pods.path(namespace: namespace, name: pod, subresource: "log"), query: query,
            what: "read the log of '\(pod)/\(container)' in '\(namespace)'")
        return LogStream { [self] in try await stream(call) }
    }

    /// Follows the log of one life of a container without gap or repeat, whatever happens to the connection. It ends when
    /// that life has ended and its last line is read, or when the Pod is gone.
    /// - Parameter life: The container's id (`containerd://...`): the log of this run is read and no other, also when the
    ///   container has been started again since. nil takes the newest.
    /// - Parameter place: shared by those who read the runs of a container one after another, so that no line is read
    ///   twice.
    package func followLogs(
        namespace: String, pod: String, container: String, life: String? = nil, options: LogOptions = LogOptions(),
        place: LogPlace = LogPlace()
    ) -> LogFollower {
        LogFollower(
            open: { [self] options in
                logs(namespace: namespace, pod: pod, container: container, options: options)
            },
            lives: { [self] in
                do {
                    return ContainerLives(of: container, in: try await get(.pods, name: pod, namespace: namespace))
                } catch  where error.kubeFailure?.isNotFound == true {
                    return nil
                }
            },
            life: life, options: options, place: place)
    }
}
