// SPDX-License-Identifier: Apache-2.0

/// A named collection of members, such as `json` or `os.path`.
package final class StarlarkModule: StarlarkObject {
    /// The name that `str()` shows.
    package let name: String
    private let members: [String: Value]

    /// Makes a module with these members.
    package init(_ name: String, _ members: [String: Value]) {
        self.name = name
        self.members = members
        super.init(kind: .module)
    }

    package override var typeName: String { "module" }
    override func write(to writer: inout ReprWriter) {
        writer.write("<module \(Value.string(name).repr())>")
    }

    override func hash(depth: Int) throws -> Int { throw StarlarkError("unhashable: module") }
    override func visitChildren(_ visit: (Value) -> Void) { members.values.forEach(visit) }
    package override func attr(_ name: String) throws -> Value? { members[name] }
    package override var attrNames: [String] { members.keys.sorted() }
}
