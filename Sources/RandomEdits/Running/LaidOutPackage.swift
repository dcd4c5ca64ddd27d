// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Glibc
import HostFolders

/// A folder with generated sources.
struct LaidOutPackage {
    let folder: String
    /// What was written, by path below the folder.
    private(set) var sources: [String: String] = [:]

    /// - Parameter folder: absolute; sources of an earlier run in it are found again.
    init(folder: String) throws {
        self.folder = folder
        try FileSystem.makeDirectory(folder)
        for path in FileSystem.files(in: folder) where !path.hasPrefix(".") {
            sources[path] = try FileSystem.read("\(folder)/\(path)")
        }
    }

    /// Makes the folder hold these sources; files that are as they were are left alone.
    /// - Returns: absolute paths of what changed, came or went.
    @discardableResult
    mutating func write(_ new: [String: String], style: EditStep.WriteStyle = .inPlace) throws -> [String] {
        let gone = Set(sources.keys).subtracting(new.keys).sorted()
        let come = Set(new.keys).subtracting(sources.keys)
        var paths = new.keys.filter { sources[$0] != new[$0] }.sorted()
        // A file that only has another name now is renamed, with its time.
        for path in gone {
            if let twin = come.sorted().first(where: { new[$0] == sources[path] && paths.contains($0) }),
                rename("\(folder)/\(path)", "\(folder)/\(twin)") == 0
            {
                paths.removeAll { $0 == twin }
            } else {
                guard unlink("\(folder)/\(path)") == 0 else { throw FileSystem.failure("\(folder)/\(path)") }
            }
        }
        for path in paths { try FileSystem.write("\(folder)/\(path)", new[path] ?? "", style: style) }
        let changed = Set(gone).union(come).union(paths)
        sources = new
        return changed.sorted().map { "\(folder)/\($0)" }
    }
}

/// The few file operations that this needs.
package enum FileSystem {
    /// Seconds: what an old file's time lies back.
    private static let year = 365 * 24 * 3_600

    package static func failure(_ path: String) -> DevloopError {
        DevloopError(.file, "\(path): \(String(cString: strerror(errno)))")
    }

    /// With those above it; one that is there already is fine.
    package static func makeDirectory(_ path: String) throws {
        if mkdir(path, 0o755) == 0 || errno == EEXIST || path.isEmpty { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/") else { throw failure(path) }
        try makeDirectory(String(path[..<slash]))
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw failure(path) }
    }

    package static func read(_ path: String) throws -> String {
        guard let file = fopen(path, "re") else { throw failure(path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes a whole file, making the folders above it.
    package static func write(_ path: String, _ text: String, style: EditStep.WriteStyle = .inPlace) throws {
        if let slash = path.lastIndex(of: "/") { try makeDirectory(String(path[..<slash])) }
        let target = style == .inPlace ? path : "\(path).new"
        guard let file = fopen(target, "we") else { throw failure(target) }
        var text = text
        let isWritten = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) == $0.count }
        guard fclose(file) == 0, isWritten else { throw failure(target) }
        if style == .replacingWithOldTime { try setTime(target, seconds: time(nil) - year) }
        guard target == path || rename(target, path) == 0 else { throw failure(path) }
    }

    /// Sets both times of a file; nil is now.
    static func setTime(_ path: String, seconds: Int?) throws {
        let times = seconds.map { [timespec(tv_sec: $0, tv_nsec: 0), timespec(tv_sec: $0, tv_nsec: 0)] }
        let result = times.map { utimensat(AT_FDCWD, path, $0, 0) } ?? utimensat(AT_FDCWD, path, nil, 0)
        guard result == 0 else { throw failure(path) }
    }

    /// Regular files at any depth, relative to the folder; folders whose name begins with a dot are left out.
    static func files(in folder: String, below prefix: String = "") -> [String] {
        names(folder + "/" + prefix).flatMap { name -> [String] in
            let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            var info = stat()
            guard lstat("\(folder)/\(path)", &info) == 0 else { return [] }
            guard info.st_mode & S_IFMT == S_IFDIR else { return [path] }
            return name.hasPrefix(".") ? [] : files(in: folder, below: path)
        }
    }

    /// Removes a file, or a folder with all it holds.
    package static func remove(_ path: String) {
        if unlink(path) == 0 || errno == ENOENT { return }
        for name in names(path) { remove("\(path)/\(name)") }
        rmdir(path)
    }

    private static func names(_ folder: String) -> [String] { (Folder.names(in: folder) ?? []).sorted() }
}
