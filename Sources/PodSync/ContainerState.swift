// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Hashing
package import SyncProtocol

/// Who answers on the other side.
package struct AgentInfo: Sendable, Equatable {
    package var version: String
    /// `x86_64`, `aarch64`.
    package var architecture: String
    package var pid: Int32
    package var uid: UInt32
    package var gid: UInt32
    /// Where synced executables live; nil when the container has no folder that the agent can write to.
    package var appFolder: String?
}

/// What a container has, by its own record (design D11).
package struct ContainerState: Sendable {
    /// Id of the last set that was committed there; 0 for none.
    package var set: UInt64
    /// A set was applied in part: every file will be sent again.
    package var isDirty: Bool
    package var app: AgentState.App
    package var pid: Int32
    /// The set whose files the app was started with; less than ``set`` when later ones needed no restart.
    package var runningSet: UInt64
    /// SHA-256 of the running executable.
    package var executable: ContentDigest?
    package var uptime: Duration
    /// What we own there, by path; folders are left out.
    package var files: [ExactPath: RecordEntry]

    /// What came of a set that was cut, by destination.
    var parts: [ExactPath: StagedPart] = [:]

    /// What we own at a path.
    package func file(_ path: String) -> RecordEntry? { files[ExactPath(path)] }

    /// Whether what we own has a file where the path needs a folder: then nothing is there that could be deleted.
    package func hasFile(above path: String) -> Bool {
        guard !isDirty else { return false }
        var parent = path[...]
        while let slash = parent.utf8.lastIndex(of: 0x2F), slash > parent.startIndex {
            parent = parent[..<slash]
            if file(String(parent)) != nil { return true }
        }
        return false
    }

    /// Paths whose file or link the set makes another one, or takes away.
    package func changed(by set: ChangeSet) -> Set<ExactPath> {
        let written = set.files.filter { file in
            let known = isDirty ? nil : self.file(file.destination)
            return known?.digest != file.digest.bytes || known?.mode != file.mode
        }
        let gone = set.deletions.filter { isDirty || file($0.path) != nil }
        return Set((written.map(\.destination) + gone.map(\.path)).map(ExactPath.init))
    }

    init(_ state: AgentState, _ entries: [RecordEntry], _ staged: [StagedPart] = []) {
        set = state.set
        isDirty = state.isDirty
        app = state.app
        pid = state.pid
        runningSet = state.runningSet
        executable = ContentDigest(bytes: state.executable)
        uptime = .milliseconds(Int64(clamping: state.uptime))
        files = [:]
        for part in staged { parts[ExactPath(String(decoding: part.path, as: UTF8.self))] = part }
        for entry in entries where !entry.isFolder {
            files[ExactPath(String(decoding: entry.path, as: UTF8.self))] = entry
        }
    }

    /// Takes in that the app was started.
    mutating func note(_ started: AppStarted) {
        app = .running
        pid = started.pid
        runningSet = started.set
        executable = ContentDigest(bytes: started.executable)
    }

    /// Takes in that the app has ended.
    mutating func note(_ exit: AppExit) {
        app = exit.next == .wait ? .waiting : .restarting
        pid = 0
        executable = nil
    }

    /// Takes in that the app could not be started.
    mutating func noteFailedStart() {
        app = .waiting
        pid = 0
        executable = nil
    }

    /// Whether the container has a file as it is wanted.
    package func has(_ file: SyncFile) -> Bool {
        guard !isDirty, let known = self.file(file.destination) else { return false }
        return known.digest == file.digest.bytes && known.mode == file.mode && known.isEntry == file.isEntry
    }
}
