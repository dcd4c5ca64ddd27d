// SPDX-License-Identifier: Apache-2.0

import CAgent

extension Supervisor {
    func acceptClients() {
        while true {
            let descriptor = dl_accept(listener)
            guard descriptor >= 0 else { return }
            clients.append(Client(descriptor, crc: crc))
        }
    }

    func removeClosedClients() {
        guard clients.contains(where: { $0.isClosed }) else { return }
        clients = clients.filter { !$0.isClosed }
        guard let gone = owner, gone.isClosed else { return }
        owner = nil
        parkTransaction()
        if let next = clients.first(where: { $0.challengeEnds > 0 }) { takeOver(by: next) }
    }

    func readFrom(_ client: Client) {
        let count = client.receive(scratch)
        guard count > 0 else { return }
        client.lastHeard = now()
        // Work that takes long is not silence of the host.
        defer { client.lastHeard = now() }
        client.decoder.append(UnsafeRawBufferPointer(start: scratch.base, count: count))
        while !client.isClosed {
            do throws(FrameDecoder.Failure) {
                guard let output = try client.decoder.next() else { return }
                receive(output, from: client)
            } catch {
                client.send(.fault(Fault(.damaged)))
                client.close()
            }
        }
    }

    private func receive(_ output: FrameDecoder.Output, from client: Client) {
        switch output {
        case .damaged(_, let id):
            if client === owner, let transaction, id == Frame.setID(transaction.header.set) {
                refuse(Fault(.damaged))
            } else {
                client.send(.fault(Fault(.damaged)), id: id)
            }
        case .frame(let frame):
            guard let message = Message(frame) else {
                // A hello of another version may have another form; its version says enough.
                if frame.type == .hello { return refuseVersion(client, id: frame.id) }
                return client.send(.fault(Fault(.badMessage)), id: frame.id)
            }
            if client === owner { refuseChallengers() }
            handle(message, id: frame.id, from: client)
        }
    }

    private func handle(_ message: Message, id: UInt32, from client: Client) {
        switch message {
        case .hello(let hello): greet(hello, id: id, client)
        case .ping(let token): client.send(.pong(token), id: id)
        case .pong: return
        default:
            guard client === owner else { return client.send(.fault(Fault(.badMessage)), id: id) }
            order(message, id: id)
        }
    }

    private func order(_ message: Message, id: UInt32) {
        switch message {
        case .stateRequest: sendState(id: id)
        case .restart: orderRestart()
        case .signal(let number): if app.pid > 0 { _ = dl_kill(app.pid, Int32(number)) }
        case .begin(let header): begin(header)
        default: advanceSet(message, id: id)
        }
    }

    private func greet(_ hello: Hello, id: UInt32, _ client: Client) {
        guard hello.protocolVersion == SyncLimits.protocolVersion else { return refuseVersion(client, id: id) }
        client.owner = hello.owner
        client.remember(helloID: id)
        guard let owner, owner !== client else { return takeOver(by: client) }
        if hello.force { return takeOver(by: client) }
        // The owner may be the rest of a session that was killed: it gets a moment to show that it lives.
        client.challengeEnds = now() + SyncLimits.challengeMilliseconds
        owner.send(.ping(client.challengeEnds))
    }

    private func refuseVersion(_ client: Client, id: UInt32) {
        client.send(.fault(Fault(.version, place: decimal(UInt64(SyncLimits.protocolVersion)))), id: id)
        client.flush()
        client.close()
    }

    private func refuseChallengers() {
        for client in clients where client.challengeEnds > 0 {
            client.challengeEnds = 0
            client.welcome(.fault(Fault(.busy, place: owner?.owner ?? [])))
            client.flush()
            client.close()
        }
    }

    func takeOver(by client: Client) {
        if let old = owner, old !== client {
            old.send(.fault(Fault(.takenOver, place: client.owner ?? [])))
            old.flush()
            old.close()
            parkTransaction()
        }
        client.challengeEnds = 0
        owner = client
        client.welcome(
            .welcome(
                Welcome(
                    protocolVersion: SyncLimits.protocolVersion, agentVersion: text(Agent.version),
                    architecture: machine(), pid: dl_pid(), uid: dl_uid(), gid: dl_gid(),
                    appFolder: tree?.appPath ?? [])))
    }

    private func machine() -> Bytes {
        Bytes(unsafeUninitializedCapacity: 65) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            count = base.withMemoryRebound(to: CChar.self, capacity: 65) { Int(dl_machine($0, 65)) }
        }
    }

    private func sendParts(id: UInt32) {
        var page: [StagedPart] = []
        var size = 0
        for file in parts.rest {
            page.append(StagedPart(path: file.entry.path, digest: file.entry.digest, size: file.written))
            size += 48 + file.entry.path.count
            if size >= SyncLimits.page {
                owner?.send(.stateParts(page), id: id)
                page = []
                size = 0
            }
        }
        if !page.isEmpty { owner?.send(.stateParts(page), id: id) }
    }

    private func sendState(id: UInt32) {
        var page: [RecordEntry] = []
        var size = 0
        for entry in record.entries {
            page.append(entry)
            size += RecordEntry.minimumSize + entry.path.count + entry.digest.count
            if size >= SyncLimits.page {
                owner?.send(.stateFiles(page), id: id)
                page = []
                size = 0
            }
        }
        if !page.isEmpty { owner?.send(.stateFiles(page), id: id) }
        sendParts(id: id)
        let phase: AgentState.App
        switch app.phase {
        case .notStarted: phase = .notStarted
        case .running: phase = .running
        case .stopping: phase = .restarting
        case .waiting: phase = .waiting
        }
        owner?.send(
            .state(
                AgentState(
                    set: record.set, isDirty: record.isDirty, app: phase, pid: app.pid, runningSet: app.set,
                    executable: runningDigest(), uptime: app.pid > 0 ? app.uptime : 0)),
            id: id)
    }
}
