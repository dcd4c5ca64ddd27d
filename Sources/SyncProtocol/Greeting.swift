// SPDX-License-Identifier: Apache-2.0

/// The host's first message.
package struct Hello: Sendable, Equatable {
    package var protocolVersion: UInt16
    /// Version of the host program, for messages.
    package var hostVersion: [UInt8]
    /// Who this is, as another host is told: user, machine, process.
    package var owner: [UInt8]
    /// Take the agent over from whoever has it.
    package var force: Bool

    package init(protocolVersion: UInt16, hostVersion: [UInt8], owner: [UInt8], force: Bool) {
        self.protocolVersion = protocolVersion
        self.hostVersion = hostVersion
        self.owner = owner
        self.force = force
    }

    func write(to writer: inout ByteWriter) {
        writer.u16(protocolVersion)
        writer.blob(hostVersion)
        writer.blob(owner)
        writer.flag(force)
    }

    /// Version first, and readable whatever follows in other versions.
    init(from reader: inout ByteReader) {
        protocolVersion = reader.u16()
        hostVersion = reader.blob()
        owner = reader.blob()
        force = reader.flag()
    }
}

/// The agent's answer to ``Hello``.
package struct Welcome: Sendable, Equatable {
    package var protocolVersion: UInt16
    package var agentVersion: [UInt8]
    /// Machine as `uname` names it: `x86_64`, `aarch64`.
    package var architecture: [UInt8]
    package var pid: Int32
    package var uid: UInt32
    package var gid: UInt32
    /// Where synced executables live, e.g. `/devloop/app`; empty when nothing can be synced.
    package var appFolder: [UInt8]

    package init(
        protocolVersion: UInt16,
        agentVersion: [UInt8],
        architecture: [UInt8],
        pid: Int32,
        uid: UInt32,
        gid: UInt32,
        appFolder: [UInt8]
    ) {
        self.protocolVersion = protocolVersion
        self.agentVersion = agentVersion
        self.architecture = architecture
        self.pid = pid
        self.uid = uid
        self.gid = gid
        self.appFolder = appFolder
    }

    func write(to writer: inout ByteWriter) {
        writer.u16(protocolVersion)
        writer.blob(agentVersion)
        writer.blob(architecture)
        writer.i32(pid)
        writer.u32(uid)
        writer.u32(gid)
        writer.blob(appFolder)
    }

    init(from reader: inout ByteReader) {
        protocolVersion = reader.u16()
        agentVersion = reader.blob()
        architecture = reader.blob()
        pid = reader.i32()
        uid = reader.u32()
        gid = reader.u32()
        appFolder = reader.blob()
    }
}
