// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Hashing
import ImagePack

/// Base images out of files of this machine, laid out like Debian's: `/lib` and `/lib64` lead into `/usr`.
enum TestBase {
    private static let libraries = ["libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1"]

    /// - Parameters:
    ///   - glibc: with this machine's C library and its loader.
    ///   - shell: with busybox, which needs no library.
    static func make(
        config: JSONValue = [:], glibc: Bool = false, shell: Bool = false,
        architecture: String = ImageFixture.architecture
    ) throws -> BaseImage {
        #if arch(arm64)
            let (triple, loader, loaderFolder) = ("aarch64-linux-gnu", "/lib/ld-linux-aarch64.so.1", "usr/lib")
        #else
            let (triple, loader, loaderFolder) = ("x86_64-linux-gnu", "/lib64/ld-linux-x86-64.so.2", "usr/lib64")
        #endif
        var files = [
            LayerFile(path: "etc/os-release", content: .bytes(Array("ID=test\n".utf8)), mode: 0o644),
            LayerFile(path: "etc/passwd", content: .bytes(Array("app:x:1234:1234::/:/bin/sh\n".utf8)), mode: 0o644),
            LayerFile(path: "tmp", content: .directory, mode: 0o1777),
        ]
        if glibc {
            files.append(LayerFile(path: "lib", content: .link("usr/lib"), mode: 0o777))
            files.append(LayerFile(path: "lib64", content: .link("usr/lib64"), mode: 0o777))
            for name in libraries {
                files.append(try .file("/lib/\(triple)/\(name)", at: "usr/lib/\(triple)/\(name)", mode: 0o755))
            }
            let name = loader.split(separator: "/").last ?? ""
            files.append(try .file(loader, at: "\(loaderFolder)/\(name)", mode: 0o755))
        }
        if shell { files.append(try .file("/usr/bin/busybox", at: "bin/sh", mode: 0o755)) }
        let layer = try Layer(name: "base", files: files, cache: LayerDigestCache(path: nil))
        let configuration: JSONValue = [
            "architecture": .string(architecture), "os": "linux", "config": config,
            "rootfs": ["type": "layers", "diff_ids": [.string(layer.diffID.oci)]],
            "history": [["created_by": "test"]],
        ]
        return try BaseImage(
            reference: "test-base", digest: SHA256.digest(of: configuration.jsonBytes), layers: [layer],
            configuration: configuration)
    }
}
