// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import SyncProtocol

/// Where pulled files are put together: a folder of their own beside the destination, which gets them when all are there.
///
/// What a container tells is not trusted: names are single components, folders are opened without following links, and
/// nothing is made twice.
package final class PullTree {
    /// The name of what was asked for, in the folder.
    private static let top = "item"
    /// Absolute path of the folder.
    let folder: String
    private let descriptor: Int32
    /// The folder that the last path lay in: most come one after another.
    private var last: (path: ArraySlice<[UInt8]>, descriptor: Int32)?
    private var folderModes: [(path: [[UInt8]], mode: mode_t)] = []
    private var links: [String] = []

    /// - Parameter parent: absolute path of the folder that the destination lies in.
    /// - Throws: code `.file` when nothing can be made there.
    package init(beside parent: String) throws {
        var template = Array("\(parent == "/" ? "" : parent)/.devloop-pull-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Self.error("cannot write to \(parent)") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.error("cannot write to \(parent)") }
    }

    deinit {
        if let last { close(last.descriptor) }
        close(descriptor)
    }

    /// Absolute path of what was asked for.
    package var item: String { "\(folder)/\(Self.top)" }

    /// The components of a told path, with that of the top.
    /// - Throws: `protocolViolation` for a path that is no place below it.
    private func components(_ path: [UInt8]) throws -> [[UInt8]] {
        guard !path.isEmpty else { return [Array(Self.top.utf8)] }
        let full = Array("/\(Self.top)/".utf8) + path
        let parts = PathRules.components(of: full)
        let isSound = parts.allSatisfy { part in
            !part.isEmpty && part != [0x2E] && part != [0x2E, 0x2E] && part.count <= 255 && !part.contains(0)
        }
        guard isSound, full.count <= 65_536 else {
            throw DevloopError(
                .protocolViolation, "the container sent a path that leads elsewhere: \(Self.text(path))")
        }
        return parts
    }

    static func text(_ path: [UInt8]) -> String { path.isEmpty ? "." : String(decoding: path, as: UTF8.self) }

    /// The folder that a path lies in, as it was made before.
    private func parent(of parts: [[UInt8]]) throws -> Int32 {
        let wanted = parts.dropLast()
        guard !wanted.isEmpty else { return descriptor }
        if let last, last.path == wanted { return last.descriptor }
        var current = dup(descriptor)
        for name in wanted {
            let next = Self.withC(name) { openat(current, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
            let reason = errno
            close(current)
            guard next >= 0 else {
                throw DevloopError(
                    .protocolViolation,
                    "the container sent \(Self.text(Array(parts.joined(separator: [0x2F])))) without its folder: "
                        + String(cString: strerror(reason)))
            }
            current = next
        }
        if let last { close(last.descriptor) }
        last = (wanted, current)
        return current
    }

    /// Makes a folder; its mode follows with ``seal()``, since one that may not be written to could not be filled.
    func makeFolder(_ path: [UInt8], mode: UInt16) throws {
        let parts = try components(path)
        let parent = try parent(of: parts)
        guard Self.withC(parts[parts.count - 1], { mkdirat(parent, $0, 0o700) }) == 0 else {
            throw Self.error("cannot make \(Self.text(path))")
        }
        folderModes.append((parts, mode_t(mode & 0o777)))
    }

    /// - Returns: a descriptor for writing, which the caller closes.
    func makeFile(_ path: [UInt8]) throws -> Int32 {
        let parts = try components(path)
        let parent = try parent(of: parts)
        let opened = Self.withC(parts[parts.count - 1]) {
            openat(parent, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard opened >= 0 else { throw Self.error("cannot make \(Self.text(path))") }
        return opened
    }

    func remove(_ path: [UInt8]) throws {
        let parts = try components(path)
        let parent = try parent(of: parts)
        _ = Self.withC(parts[parts.count - 1]) { unlinkat(parent, $0, 0) }
    }

    /// - Returns: why the link is left out; nil when it was made.
    func makeLink(_ path: [UInt8], to target: [UInt8]) throws -> String? {
        let parts = try components(path)
        let full = [0x2F] + Array(parts.joined(separator: [0x2F]))
        switch LinkRules.problem(with: target, at: full, inside: Array("/\(Self.top)".utf8)) {
        case .absolute: return "it holds the absolute path \(Self.text(target))"
        case .leaves: return "it leads out of what was pulled, to \(Self.text(target))"
        case .empty, .containsNul, .tooLong: return "the path that it holds cannot be used"
        case nil: break
        }
        let parent = try parent(of: parts)
        let made = Self.withC(parts[parts.count - 1]) { name in
            Self.withC(target) { symlinkat($0, parent, name) }
        }
        guard made == 0 else { throw Self.error("cannot make the link \(Self.text(path))") }
        links.append(String(decoding: full, as: UTF8.self))
        return nil
    }

    /// Gives folders their modes, and takes out links that lead out by way of other links.
    /// - Returns: those links, with the reason.
    func seal() -> [String] {
        var problems: [String] = []
        let root = Self.real(item)
        for link in links {
            guard let real = Self.real(folder + link) else { continue }
            if let root, ExactPath(real) == ExactPath(root) || ExactPath.isBelow(real, root) { continue }
            unlink(folder + link)
            let name = link.utf8.dropFirst(Self.top.utf8.count + 2)
            problems.append("\(String(decoding: name, as: UTF8.self)): it leads out of what was pulled")
        }
        for (parts, mode) in folderModes.reversed() {
            guard let parent = try? parent(of: parts) else { continue }
            let opened = Self.withC(parts[parts.count - 1]) {
                openat(parent, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            }
            guard opened >= 0 else { continue }
            fchmod(opened, mode)
            close(opened)
        }
        return problems
    }

    /// Removes what is left.
    package func discard() { PulledFiles.removeTree(folder) }

    private static func real(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    static func error(_ what: String) -> DevloopError {
        DevloopError(.file, "\(what): \(String(cString: strerror(errno)))")
    }

    private static func withC<R>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> R) -> R {
        let copy = bytes.map { CChar(bitPattern: $0) } + [0]
        return copy.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("never empty") }
            return body(base)
        }
    }
}
