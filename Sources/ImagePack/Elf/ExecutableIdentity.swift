// SPDX-License-Identifier: Apache-2.0

import ElfFiles

/// Which bytes of a program differ between two builds that made the same program.
///
/// Measured with Swift 6.3 and lld on two clean builds: `.note.gnu.build-id`, a hash over the whole linked file with its
/// debug information, and `.swift_modhash`, by which the compiler recognises an object that it need not make again.
/// Neither is read when the program runs.
package enum ExecutableIdentity {
    private static let sections: Set = [".note.gnu.build-id", ".swift_modhash"]

    /// - Parameters:
    ///   - path: the file that is packed.
    ///   - linked: the file that it was copied from, when the copy has lost its section table and kept its offsets.
    /// - Returns: ranges in the file; empty for a file that is no ELF file.
    package static func volatileRanges(of path: String, linked: String? = nil) -> [Range<Int>] {
        guard let file = ElfFile(path: path) else { return [] }
        var found = file.sections(sections)
        if found.isEmpty, let id = file.note(ElfFile.buildIDType) {
            found = [id]
            // The copy is the front of the linked file only if its build id lies at the same place.
            if let original = linked.flatMap(ElfFile.init(path:)), original.note(ElfFile.buildIDType) == id {
                found = original.sections(sections)
            }
        }
        return found.sorted { $0.lowerBound < $1.lowerBound }
    }
}
