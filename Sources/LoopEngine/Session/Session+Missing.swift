// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension Session {
    /// The folder of a sync rule is gone as a whole: whoever removes one by mistake, or moves it away for a moment, does
    /// not want its containers empty. What they have stays, and it is said.
    func keep(_ files: [SyncSet.File], of ref: String, save: Int) {
        for file in files {
            images[ref]?.overlay[ExactPath(file.destination)] = nil
            images[ref]?.kept[ExactPath(file.destination)] = file
        }
        for root in Set(files.compactMap(\.root)).sorted() {
            let count = files.count { $0.root == root }
            for name in users(of: ref) {
                journal.record(
                    .syncWarned, save: save, resource: name,
                    [
                        "message": .string(
                            "\(shown(root)) is gone: containers keep its \(count == 1 ? "file" : "\(count) files")"),
                        "hint": .string(
                            "once it is there again, what is then missing is deleted in the containers too"),
                    ])
            }
        }
    }

    /// What was kept while its folder was gone is deleted now that the folder is back without it.
    func release(_ ref: String) {
        guard let image = images[ref] else { return }
        for (destination, file) in image.kept where LiveChanges.isRootThere(file, options.exists) {
            images[ref]?.kept[destination] = nil
            if !options.exists(file.source) { images[ref]?.delete(destination, file.reaction) }
        }
    }

    /// Tells what was left out of a set, once for as long as it is so.
    func tellProblems(_ problems: [String], of name: String, pod: String, save: Int?) {
        let known = syncProblems[name] ?? []
        syncProblems[name] = Set(problems)
        for problem in problems where !known.contains(problem) {
            journal.record(
                .syncWarned, save: save, resource: name,
                ["pod": .string(pod), "message": .string(problem), "hint": "the rest of the set is in place"])
        }
    }
}
