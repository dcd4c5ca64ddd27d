// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import ElfFiles

/// Which libraries a program brings along onto a base image.
///
/// The C library belongs to its loader, and the loader's path stands in the program: on a base that has glibc, that one
/// is used, and it must be new enough. All else comes along, but for what the base has in a version that is known to do.
/// On a base without glibc (musl, or none at all) everything comes along, as without a base.
package struct RuntimeChoice: Sendable {
    /// The parts of glibc 2.36; they work with each other only, not with those of another build.
    private static let glibc: Set = [
        "libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1", "libresolv.so.2",
        "libanl.so.1", "libmvec.so.1", "libnsl.so.1", "libBrokenLocale.so.1", "libthread_db.so.1",
        "libc_malloc_debug.so.0",
        "libnss_files.so.2", "libnss_dns.so.2", "libnss_compat.so.2", "libnss_hesiod.so.2",
    ]

    private let found: SharedLibraries
    private let base: String
    private let present: BaseLibraries
    private let needs: [Need]

    /// What one file wants of a library.
    package struct Need: Sendable {
        package var file: String
        package var versions: [String: Set<String>]

        package init(file: String, versions: [String: Set<String>]) {
            self.file = file
            self.versions = versions
        }
    }

    /// - Parameters:
    ///   - programs: files of this machine that come along in any case.
    package init(_ found: SharedLibraries, programs: [String], base: String, has present: BaseLibraries) {
        let files = programs.map { ($0.split(separator: "/").last.map(String.init) ?? $0, $0) }
        self.init(
            found, base: base, has: present,
            needs: (files + found.libraries.map { ($0.name, $0.path) }).map { name, path in
                Need(file: name, versions: ElfFile(path: path)?.neededVersions ?? [:])
            })
    }

    init(_ found: SharedLibraries, base: String, has present: BaseLibraries, needs: [Need]) {
        self.found = found
        self.base = base
        self.present = present
        self.needs = needs
    }

    /// - Throws: `DevloopError` with code image when the base's glibc is older than the program.
    package func libraries() throws(DevloopError) -> SharedLibraries {
        var chosen = found
        // A static program needs nothing.
        guard found.loader != nil else { return chosen }
        guard present.versions(of: "libc.so.6") != nil else {
            guard present.isComplete else {
                throw DevloopError(
                    .image,
                    "it cannot be told which C library the base \(base) has: a layer is compressed with zstd",
                    hint: "copy the base with gzip layers, or leave base out")
            }
            return chosen
        }
        chosen.loader = nil
        chosen.libraries.removeAll { library in Self.glibc.contains(library.name) || isEnough(library.name) }
        try checkGlibc(chosen)
        return chosen
    }

    /// Whether the base has a library that defines every version that anything asks of it; one without versions does not
    /// say what it can do.
    private func isEnough(_ library: String) -> Bool {
        let wanted = needs.reduce(into: Set<String>()) { $0.formUnion($1.versions[library] ?? []) }
        guard !wanted.isEmpty, let offered = present.versions(of: library) else { return false }
        return wanted.isSubset(of: offered)
    }

    private func checkGlibc(_ chosen: SharedLibraries) throws(DevloopError) {
        let coming = Set(chosen.libraries.map(\.name))
        let staying = Set(found.libraries.map(\.name)).subtracting(coming)
        for need in needs where !staying.contains(need.file) {
            for (library, versions) in need.versions.sorted(by: { $0.key < $1.key }) where Self.glibc.contains(library)
            {
                let offered = present.versions(of: library) ?? []
                guard let missing = Self.newest(versions.subtracting(offered)) else { continue }
                let own = Self.newest(present.versions(of: "libc.so.6") ?? []) ?? "an unknown version"
                let wanted = Self.newest(Set(needs.flatMap { $0.versions["libc.so.6"] ?? [] })) ?? missing
                throw DevloopError(
                    .image, "the base \(base) has \(own), and \(need.file) needs \(missing) of \(library)",
                    hint: "choose a base with \(wanted) or newer, or leave base out")
            }
        }
    }

    /// The highest `GLIBC_2.36`; other names (`GLIBC_PRIVATE`) count when there is no such one.
    static func newest(_ versions: Set<String>) -> String? {
        func parts(_ text: String) -> [Int] {
            guard text.hasPrefix("GLIBC_") else { return [] }
            return text.dropFirst(6).split(separator: ".").compactMap { Int($0) }
        }
        return versions.max { left, right in
            let (a, b) = (parts(left), parts(right))
            return a == b ? left < right : a.lexicographicallyPrecedes(b)
        }
    }
}
