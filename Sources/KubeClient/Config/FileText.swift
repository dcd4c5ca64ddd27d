// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Small files read whole: kubeconfigs, certificates, tokens.
enum FileText {
    struct Failure: Error {
        let code: Int32
        var isMissing: Bool { code == ENOENT || code == ENOTDIR }
        var text: String { String(cString: strerror(code)) }
    }

    /// No credential or kubeconfig is larger.
    private static let limit = 16 << 20

    static func read(_ path: String) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure(code: errno)
            }
            if count == 0 { return content }
            content += buffer[..<count]
            guard content.count <= limit else { throw Failure(code: EFBIG) }
        }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The path as seen from the working directory.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }
}
