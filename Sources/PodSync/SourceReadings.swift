// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
package import Hashing
import SyncProtocol

/// Reads what is sent, once for all containers.
///
/// One pass over a file gives its digest and the hashes of its blocks. Those are kept by content: a container whose
/// record has this content later, in this session or on another stream, gets only the blocks that differ. Pieces that
/// are on their way to several containers are kept for a moment, so that the file is not read for each of them.
package actor SourceReadings {
    /// Bytes of pieces that are kept: containers that are at work at the same time are about as far.
    static let pieceLimit = 16 << 20
    /// A file up to this size is not read again to be sent.
    static let smallFile: UInt64 = 1 << 20
    /// Bytes of a file from which on it is noted what images have of it.
    package static let leastImageCopy = SyncPlan.leastImageCopy
    /// Bytes that are read for one image to know what it has: two seconds.
    static let imageCopyLimit = 2 << 30
    /// Blocks of signatures that are kept: 16 MB for 8 GB of content.
    static let blockLimit = 2_000_000

    /// In blocks. Of a small file most is not blocks: digest, two arrays and two entries take 200 bytes, as 24 blocks do.
    private static func weight(_ signature: BlockSignature) -> Int { signature.blocks.count + 24 }

    private struct PieceKey: Hashable {
        var digest: ContentDigest
        var index: UInt64
    }

    private var signatures = RecentValues<ContentDigest, BlockSignature>(limit: SourceReadings.blockLimit)
    private var pieces = RecentValues<PieceKey, [UInt8]>(limit: SourceReadings.pieceLimit)
    private var stamps: [String: (stamp: SourceStamp, digest: ContentDigest)] = [:]
    /// What files held when an image was last made of them, by their paths here.
    private var imageCopies: [String: ContentDigest] = [:]
    private var senders = 0
    /// Bytes that were read from files so far.
    package private(set) var bytesRead: UInt64 = 0

    package init() {}

    /// The digest of a file. One that is as it was is not read again: the libraries of a large program are 20 MB, and
    /// part of every set.
    /// - Throws: `syncSourceChanged` when it cannot be read.
    package func digest(ofFile path: String) throws -> ContentDigest {
        var named = stat()
        if let known = stamps[path], stat(path, &named) == 0, known.stamp == SourceStamp(named) { return known.digest }
        let file = try SourceFile(path)
        let stamp = SourceStamp(file.opened)
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let isSettled = stamp.isSettled(at: now.tv_sec * 1_000_000_000 + now.tv_nsec)
        let signature = try sign(file)
        signatures.insert(signature, for: signature.digest, weight: Self.weight(signature))
        // A file that is being written has no digest yet that is worth keeping.
        stamps[path] = isSettled && file.isUntouched() ? (stamp, signature.digest) : nil
        return signature.digest
    }

    /// The digests of files, in their order; see ``digest(ofFile:)``.
    /// - Throws: `syncSourceChanged` when one cannot be read.
    package func digests(ofFiles paths: [String]) throws -> [ContentDigest] { try paths.map { try digest(ofFile: $0) } }

    /// An image is about to be made: notes what its large files hold, so that their first change can be sent as
    /// differences. What cannot be read is passed over.
    /// - Parameter paths: on this machine; small files are left out.
    package func noteImageCopies(of paths: [String]) async {
        var rest = Self.imageCopyLimit
        for path in paths {
            var info = stat()
            guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG,
                UInt64(info.st_size) >= SyncPlan.leastImageCopy
            else {
                imageCopies[path] = nil
                continue
            }
            // Others want something of us meanwhile.
            await Task.yield()
            guard !Task.isCancelled else { return }
            rest -= Int(info.st_size)
            imageCopies[path] = rest < 0 ? nil : try? digest(ofFile: path)
        }
    }

    /// What a file held when an image was last made of it; nil when that is not known.
    package func imageCopy(of path: String) -> ContentDigest? { imageCopies[path] }

    /// Which of these contents are known block by block.
    func known(_ digests: Set<ContentDigest>) -> Set<ContentDigest> { digests.filter { signatures.has($0) } }

    /// The blocks of a content that some file had; nil when that is too long ago.
    func signature(_ digest: ContentDigest) -> BlockSignature? { signatures[digest] }

    /// The blocks of a file that is to be sent.
    /// - Throws: `syncSourceChanged` when it does not have the content that was meant.
    func signature(of file: SyncFile) throws -> BlockSignature {
        if let known = signatures[file.digest] { return try checked(known, file) }
        let signature: BlockSignature
        let name: String
        switch file.source {
        case .bytes(let bytes):
            signature = Self.sign(bytes)
            name = file.destination
        case .file(let path):
            let source = try SourceFile(path)
            name = path
            guard UInt64(source.opened.st_size) == file.size else {
                throw SourceFile.changed(path, "has changed since it was built")
            }
            signature = try sign(source)
        }
        guard signature.digest == file.digest else {
            throw SourceFile.changed(name, "has other content than when it was built")
        }
        signatures.insert(signature, for: file.digest, weight: Self.weight(signature))
        return try checked(signature, file)
    }

    /// Size and digest of a file may have been taken at different moments.
    private func checked(_ signature: BlockSignature, _ file: SyncFile) throws -> BlockSignature {
        let blockSize = UInt64(BlockSignature.blockSize)
        guard UInt64(signature.blocks.count) == (file.size + blockSize - 1) / blockSize else {
            throw SourceFile.changed(file.destination, "has changed since it was built")
        }
        return signature
    }

    /// A part of a file that is to be sent, within one piece of ``SyncLimits/chunk`` bytes.
    /// - Throws: `syncSourceChanged` when it is not what was hashed before.
    func bytes(of file: SyncFile, at offset: UInt64, _ count: Int) throws -> [UInt8] {
        let start = Int(offset % UInt64(SyncLimits.chunk))
        switch file.source {
        case .bytes(let bytes): return Array(bytes.dropFirst(Int(offset)).prefix(count))
        case .file(let path):
            let piece = try piece(of: file, path, offset / UInt64(SyncLimits.chunk))
            // Its size may have been taken before it was made shorter, and its digest after that.
            guard start + count <= piece.count else { throw SourceFile.changed(path, "has changed since it was built") }
            return count == piece.count ? piece : Array(piece[start..<start + count])
        }
    }

    /// The whole content of files of one piece each, in their order.
    /// - Throws: `syncSourceChanged` when one does not have the content that was meant.
    func contents(of files: [SyncFile]) throws -> [[UInt8]] {
        try files.map { file in
            if case .file = file.source, file.size > 0 { return try bytes(of: file, at: 0, Int(file.size)) }
            _ = try signature(of: file)
            if case .bytes(let bytes) = file.source { return bytes }
            return []
        }
    }

    /// Pieces are kept until ``endSending()`` was called as often.
    package func beginSending() { senders += 1 }

    package func endSending() {
        senders -= 1
        if senders == 0 { pieces = RecentValues(limit: Self.pieceLimit) }
    }

    private func piece(of file: SyncFile, _ path: String, _ index: UInt64) throws -> [UInt8] {
        let key = PieceKey(digest: file.digest, index: index)
        if let known = pieces[key] { return known }
        let signature = try signature(of: file)
        let source = try SourceFile(path)
        let offset = index * UInt64(SyncLimits.chunk)
        guard UInt64(source.opened.st_size) == file.size else {
            throw SourceFile.changed(path, "has changed since it was built")
        }
        let bytes = try read(source, offset, Int(min(UInt64(SyncLimits.chunk), file.size - offset)))
        let first = Int(offset) / BlockSignature.blockSize
        let hashes = BlockSignature.hashes(of: bytes)
        guard hashes[...] == signature.blocks[first..<first + hashes.count] else {
            throw SourceFile.changed(path, "has other content than when it was built")
        }
        pieces.insert(bytes, for: key, weight: bytes.count)
        return bytes
    }

    private func read(_ source: borrowing SourceFile, _ offset: UInt64, _ count: Int) throws -> [UInt8] {
        let bytes = try source.read(at: offset, count)
        bytesRead += UInt64(bytes.count)
        return bytes
    }

    private static func sign(_ bytes: [UInt8]) -> BlockSignature {
        BlockSignature(digest: SHA256.digest(of: bytes), blocks: BlockSignature.hashes(of: bytes))
    }

    /// Reads all of a file, a piece at a time.
    private func sign(_ source: borrowing SourceFile) throws -> BlockSignature {
        let size = UInt64(source.opened.st_size)
        var hash = SHA256()
        var blocks: [UInt64] = []
        blocks.reserveCapacity(Int(size) / BlockSignature.blockSize + 1)
        var kept: [[UInt8]] = []
        var offset: UInt64 = 0
        while offset < size {
            let bytes = try read(source, offset, Int(min(UInt64(SyncLimits.chunk), size - offset)))
            hash.update(bytes)
            blocks += BlockSignature.hashes(of: bytes)
            if size <= Self.smallFile { kept.append(bytes) }
            offset += UInt64(bytes.count)
        }
        let signature = BlockSignature(digest: hash.finish(), blocks: blocks)
        for (index, bytes) in kept.enumerated() {
            pieces.insert(
                bytes, for: PieceKey(digest: signature.digest, index: UInt64(index)), weight: bytes.count)
        }
        return signature
    }
}
