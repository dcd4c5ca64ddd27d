// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// See ``KubeClient/followLogs(namespace:pod:container:life:options:)``.
package struct LogFollower: AsyncSequence, Sendable {
    package enum Event: Sendable {
        case line(LogLine)
        /// The stream broke; it will be reopened.
        case interrupted(DevloopError)
    }
    package typealias Element = Event

    let open: @Sendable (LogOptions) -> LogStream
    /// The runs that the container has; nil when the Pod is gone.
    let lives: @Sendable () async throws -> ContainerLives?
    /// The run that is wanted; nil for the newest.
    var life: String?
    let options: LogOptions
    /// Where the readers of earlier runs have come to.
    let place: LogPlace

    package struct AsyncIterator: AsyncIteratorProtocol {
        /// Between two looks at the log of a container that has ended.
        private static let settling = Duration.milliseconds(250)

        private let source: LogFollower
        private var stream: LogStream.AsyncIterator?
        private var backoff = Backoff()
        private var pause: Duration?
        private var life: String?
        /// The run has ended: what the open stream has is all that there is.
        private var isOver = false
        /// Lines of the open stream that are new.
        private var freshLines = 0
        /// The line without a line feed at the end of the stream before this one.
        private var cutLine: LogLine?
        private var isAtEnd = false

        init(_ source: LogFollower) {
            self.source = source
            life = source.life
        }

        /// nil at the end of the container's life, or when the task is cancelled.
        package mutating func next() async -> Event? {
            while !Task.isCancelled, !isAtEnd {
                if let pause {
                    self.pause = nil
                    guard (try? await Task.sleep(for: pause)) != nil else { return nil }
                }
                do {
                    if let line = try await step() { return .line(line) }
                } catch {
                    if Task.isCancelled { return nil }
                    stream = nil
                    // The Pod is gone, or never had that log.
                    if let failure = error.kubeFailure,
                        failure.isNotFound || (failure.status == 400 && source.options.previous)
                    {
                        isAtEnd = true
                        return nil
                    }
                    pause = backoff.next(atLeast: error.kubeFailure?.retryAfter)
                    return .interrupted(
                        error as? DevloopError ?? DevloopError(.clusterUnreachable, "\(error)", cause: error))
                }
            }
            return nil
        }

        private mutating func step() async throws -> LogLine? {
            if stream == nil {
                guard let options = try await place() else {
                    isAtEnd = true
                    return nil
                }
                stream = source.open(options).makeAsyncIterator()
            }
            let line = try await stream?.next()
            if let line, stream?.isCut == false || isReadOnce {
                backoff.reset()
                guard source.place.accept(line) else { return nil }
                freshLines += 1
                return line
            }
            stream = nil
            return end(cut: line)
        }

        /// One look is all that was asked for.
        private var isReadOnce: Bool { !source.options.follow || source.options.previous }

        /// An orderly end: of the container, or only of this connection (a server that restarts, a rotated file).
        ///
        /// A runtime goes on writing for a while what a container wrote before it ended, and what it is writing at the
        /// moment has no end yet. So the log is read until it has nothing new.
        /// - Parameter cut: A last line without a line feed.
        /// - Returns: That line, when it stays like that.
        private mutating func end(cut: LogLine?) -> LogLine? {
            if isReadOnce || (isOver && freshLines == 0 && cut == cutLine) {
                isAtEnd = true
                return cut.flatMap { source.place.accept($0) ? $0 : nil }
            }
            cutLine = cut
            pause = isOver ? Self.settling : backoff.next()
            return nil
        }

        /// What to ask for, now that the log is opened for the first time or again; nil when there is nothing to read.
        private mutating func place() async throws -> LogOptions? {
            var options = source.options
            freshLines = 0
            if !isReadOnce {
                guard let lives = try await source.lives() else { return nil }
                if life == nil { life = lives.running ?? lives.ended }
                switch lives.place(of: life) {
                case .current(let isRunning): isOver = !isRunning
                case .previous:
                    options.previous = true
                    isOver = true
                // A container that was not started yet: the server says so, and is asked again.
                case .gone: if life != nil { return nil }
                }
                if isOver { options.follow = false }
            }
            if let since = source.place.reopenAt {
                options.since = since
                options.tailLines = nil
                source.place.reopen()
            }
            return options
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
