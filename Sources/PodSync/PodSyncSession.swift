// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Hashing
import SyncProtocol

/// The host's side of one stream to an agent (design D10, D11).
///
/// Make one for each container; when it fails, make a new stream and a new session, and ask for its ``state()``: the
/// container's record is the truth, not what this session remembers.
package actor PodSyncSession {
    package struct Options: Sendable {
        /// Version of this program, for the agent's messages.
        package var hostVersion: String
        /// Who this is, as another `devloop` is told, e.g. `ann@laptop, process 4711`.
        package var owner: String
        /// Take the agent over from whoever has it.
        package var force: Bool
        /// How often the agent is asked for a sign of life; three without an answer end the session.
        package var pingInterval: Duration
        /// Reads the files; shared by the sessions of all containers that get the same ones.
        package var readings: SourceReadings

        package init(
            hostVersion: String, owner: String, force: Bool = false, pingInterval: Duration = .seconds(5),
            readings: SourceReadings = SourceReadings()
        ) {
            self.hostVersion = hostVersion
            self.owner = owner
            self.force = force
            self.pingInterval = pingInterval
            self.readings = readings
        }
    }

    let channel: any ByteChannel
    let options: Options
    let crc = CRC32()
    let changed = ChangeSignal()
    /// What the agent tells without being asked; ends with the session. The newest 256 are kept for a slow reader.
    package nonisolated let events: AsyncStream<AgentEvent>
    let eventSink: AsyncStream<AgentEvent>.Continuation

    /// Why the session is over.
    var failure: DevloopError?
    var agent: AgentInfo?
    /// Ids that somebody waits for; other replies are dropped.
    var questions: Set<UInt32> = []
    var replies: [UInt32: Message] = [:]
    var pages: [UInt32: [RecordEntry]] = [:]
    var partPages: [UInt32: [StagedPart]] = [:]
    var states: [UInt32: ContainerState] = [:]
    var nextID: UInt32 = 0
    var unanswered = 0
    /// The answer to a ping, while it is being sent.
    var answering: Task<Void, Never>?
    private var reader: Task<Void, Never>?
    private var pinger: Task<Void, Never>?

    /// What the container has, kept up by every commit and by what is told of the app; nil before the first question, and
    /// whenever it may have become another one.
    var known: ContainerState?
    var lastTried: UInt64 = 0
    var progress = SetProgress()
    var turn = ApplyTurn()

    package init(channel: any ByteChannel, options: Options) {
        self.channel = channel
        self.options = options
        (events, eventSink) = AsyncStream.makeStream(of: AgentEvent.self, bufferingPolicy: .bufferingNewest(256))
    }

    /// Introduces this host; must be called first, once.
    /// - Throws: `syncBusy` when another host owns the agent, `syncImpossible` for another protocol version,
    ///   `syncDisconnected` when the stream ends.
    package func hello() async throws -> AgentInfo {
        reader = Task { await self.readAll() }
        pinger = Task { await self.pingAlways() }
        let hello = Hello(
            protocolVersion: SyncLimits.protocolVersion, hostVersion: Array(options.hostVersion.utf8),
            owner: Array(options.owner.utf8), force: options.force)
        guard case .welcome(let welcome) = try await ask(.hello(hello)) else { throw unexpected() }
        guard welcome.protocolVersion == SyncLimits.protocolVersion else {
            throw DevloopError(
                Fault(.version, place: Array(String(welcome.protocolVersion).utf8)), agent: nil)
        }
        let info = AgentInfo(
            version: String(decoding: welcome.agentVersion, as: UTF8.self),
            architecture: String(decoding: welcome.architecture, as: UTF8.self), pid: welcome.pid, uid: welcome.uid,
            gid: welcome.gid,
            appFolder: welcome.appFolder.isEmpty ? nil : String(decoding: welcome.appFolder, as: UTF8.self))
        agent = info
        return info
    }

    /// Asks the container for its record and what runs.
    @discardableResult
    package func state() async throws -> ContainerState {
        let id = takeID()
        pages[id] = []
        partPages[id] = []
        defer {
            pages[id] = nil
            partPages[id] = nil
            states[id] = nil
        }
        guard case .state = try await ask(.stateRequest, id: id), let container = states[id] else {
            throw unexpected()
        }
        return container
    }

    /// What the container has confirmed on this stream: asked once, and kept up by its own words since then. Nobody else can
    /// change the record meanwhile, since an agent takes orders from one stream, and refuses a set that is based on another
    /// record. ``ContainerState/uptime`` is that of the question.
    package func current() async throws -> ContainerState {
        if let failure { throw failure }
        if let known { return known }
        return try await state()
    }

    /// Restarts the app with what is there; returns when it is ready or has failed.
    /// - Parameter set: that was committed just before, when the end of the app takes it back even if that comes before
    ///   the restart; nil when it is not the restart of a set.
    package func restart(of set: UInt64? = nil) async throws -> SyncResult {
        let target = set ?? known?.set ?? 0
        var result = SyncResult(outcome: .committed, set: target)
        // What was told of sets before says nothing about this start.
        progress.forgetTakenBack(before: set ?? .max)
        let before = progress.starts
        try await send(.restart)
        try await followRestart(of: target, after: before, into: &result)
        return result
    }

    /// Sends a signal to the app's process.
    package func signal(_ number: UInt8) async throws { try await send(.signal(number)) }

    /// Ends the session and closes the stream; safe to call twice.
    package func close() async {
        await fail(DevloopError(.syncDisconnected, "the session was closed"))
        await reader?.value
        await pinger?.value
        await answering?.value
    }

    func fail(_ error: DevloopError) async {
        guard failure == nil else { return }
        failure = error
        reader?.cancel()
        pinger?.cancel()
        changed.notify()
        eventSink.finish()
        await channel.close()
    }

    func unexpected() -> DevloopError { DevloopError(.protocolViolation, "the agent gave an answer of another kind") }

    func takeID() -> UInt32 {
        nextID += 1
        return Frame.questionID(nextID)
    }

    /// Sends a message and waits for the answer with its id.
    func ask(_ message: Message, id given: UInt32? = nil) async throws -> Message {
        let id = given ?? takeID()
        questions.insert(id)
        defer { questions.remove(id) }
        try await send(message, id: id)
        try await wait { self.replies[id] != nil }
        let reply = replies.removeValue(forKey: id)
        if case .fault(let fault) = reply { throw DevloopError(fault, agent: agent) }
        guard let reply else { throw unexpected() }
        return reply
    }

    /// Sends a message whole, also when the caller is cancelled meanwhile.
    ///
    /// A channel gives a cancelled sender up, which could not be told from a broken stream; and the `abort` of a cancelled
    /// set has to go out too. A stream that takes nothing any more is ended by the pings.
    /// - Returns: bytes on the stream.
    @discardableResult
    func send(_ message: Message, id: UInt32 = 0) async throws -> Int {
        let bytes = message.frame(id: id).encoded(using: crc)
        try await send(frames: bytes)
        return bytes.count
    }

    /// Sends whole frames, as ``send(_:id:)`` does with one.
    func send(frames bytes: [UInt8]) async throws {
        if let failure { throw failure }
        let channel = channel
        let sending = Task { try await channel.send(bytes) }
        do {
            try await sending.value
        } catch {
            await fail(Self.lost(error))
            throw failure ?? Self.lost(error)
        }
    }

    /// Waits until the condition holds; it is looked at whenever the agent has said something.
    func wait(until isDone: () -> Bool) async throws {
        while true {
            let generation = changed.generation
            if isDone() { return }
            if let failure { throw failure }
            try Task.checkCancellation()
            await changed.wait(after: generation)
        }
    }

    static func lost(_ cause: (any Error)?) -> DevloopError {
        let reason = (cause as? DevloopError).map { ": \($0.message)" } ?? ""
        return DevloopError(.syncDisconnected, "the stream to the container's agent ended\(reason)", cause: cause)
    }
}
