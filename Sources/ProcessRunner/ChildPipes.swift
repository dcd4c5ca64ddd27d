// SPDX-License-Identifier: Apache-2.0

import CDevloop
import DevloopCore
import Glibc

/// The pipes between devloop and one child while it is being started. What is not taken is closed at the end.
final class ChildPipes {
    private(set) var childInput: CInt = -1
    private(set) var childOutput: CInt = -1
    private(set) var childError: CInt = -1
    private var ourInput: CInt = -1
    private var ourOutput: CInt = -1
    private var ourError: CInt = -1

    /// - Throws: ``DevloopError`` when the limit of open files is reached.
    init(hasInput: Bool, program: String) throws {
        var isComplete = true
        if hasInput {
            isComplete = Self.open(&childInput, &ourInput)
        } else {
            childInput = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
            isComplete = childInput >= 0
        }
        isComplete = isComplete && Self.open(&ourOutput, &childOutput) && Self.open(&ourError, &childError)
        guard isComplete else {
            throw DevloopError(
                .process, "cannot run '\(program)': \(String(cString: strerror(errno)))",
                hint: "the limit of open files is reached; raise it with ulimit -n")
        }
    }

    deinit {
        for descriptor in [childInput, childOutput, childError, ourInput, ourOutput, ourError] where descriptor >= 0 {
            close(descriptor)
        }
    }

    /// Our ends, non-blocking; the caller closes them.
    func takeOurs() -> (input: CInt, output: CInt, error: CInt) {
        defer { (ourInput, ourOutput, ourError) = (-1, -1, -1) }
        for descriptor in [ourInput, ourOutput, ourError] where descriptor >= 0 {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
        return (ourInput, ourOutput, ourError)
    }

    private static func open(_ read: inout CInt, _ write: inout CInt) -> Bool {
        var ends: [CInt] = [-1, -1]
        guard dl_pipe(&ends) == 0 else { return false }
        (read, write) = (ends[0], ends[1])
        return true
    }
}

extension ProcessCommand {
    var hasInput: Bool { if case .none = stdin { false } else { true } }
}

/// Gives the strings as the NULL-terminated array of C strings that exec takes, valid during the call.
func withCStrings<R>(_ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R) -> R {
    let array = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() { (array + index).initialize(to: strdup(string)) }
    (array + strings.count).initialize(to: nil)
    defer {
        for index in strings.indices { free(array[index]) }
        array.deallocate()
    }
    return body(UnsafePointer(array))
}
