// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Folders of this machine.
package enum Folder {
    /// Names of all that is in a folder but `.` and `..`, in no order; nil, with `errno`, when it cannot be read or is no
    /// folder. A name that is not UTF-8 is repaired.
    package static func names(in path: String) -> [String]? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
