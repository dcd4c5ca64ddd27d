// SPDX-License-Identifier: Apache-2.0

/// How programs are put together from parts that they share (design D6): what others wrote in one library, the
/// workspace's own libraries in another, and in the executable only its own module. An edit links 0.2 MB anew instead of
/// 60, and that is what has to reach the Pod.
struct SplitLink: Sendable, Equatable {
    /// What an object is part of.
    enum Part: Sendable { case dependency, shared, own }

    /// One run of the linker.
    struct Step: Sendable, Equatable {
        /// Absolute path of what it makes.
        var output: String
        var arguments: [String]
        /// Objects, and libraries that an earlier step makes.
        var inputs: [String]
        /// The file that names the objects to the linker.
        var list: String
        var objects: [String]
    }

    static let dependencyLibrary = "libdevdeps.so"
    static let sharedLibrary = "libdevshared.so"

    /// In their order; none for a workspace without such objects.
    private(set) var libraries: [Step] = []
    /// By product.
    private(set) var programs: [String: Step] = [:]

    /// - Parameters:
    ///   - programs: SwiftPM's links, by product.
    ///   - folder: where the results go.
    init(_ programs: [String: DriverPlan.Program], folder: String, part: (String) -> Part) {
        var objects: [Part: Set<String>] = [:]
        for program in programs.values {
            for object in program.objects { objects[part(object), default: []].insert(object) }
        }
        let flags = Self.flags(of: programs)
        var names: [String] = []
        for (part, name) in [(Part.dependency, Self.dependencyLibrary), (.shared, Self.sharedLibrary)] {
            let own = (objects[part] ?? []).sorted()
            guard !own.isEmpty, let compiler = programs.values.first?.arguments.first else { continue }
            let module = name.dropFirst(3).dropLast(3)
            libraries.append(
                Step(
                    output: "\(folder)/lib/\(name)",
                    arguments: [compiler, "-emit-library", "-o", "\(folder)/lib/\(name)", "-module-name", "\(module)"]
                        + ["@\(folder)/\(module).list"] + Self.use(names, in: folder) + flags
                        + ["-Xlinker", "-soname", "-Xlinker", name, "-Xlinker", "-z", "-Xlinker", "defs"],
                    inputs: own + names.map { "\(folder)/lib/\($0)" }, list: "\(folder)/\(module).list", objects: own))
            names.append(name)
        }
        for (product, program) in programs {
            let own = program.objects.filter { part($0) == .own }
            let path = "\(folder)/\(product)"
            let others = Self.replacing(program.arguments, output: path, list: "\(path).list")
            self.programs[product] = Step(
                output: path,
                // The older kind of run path comes before LD_LIBRARY_PATH: libraries beside the program are the ones
                // that it was linked with.
                arguments: others + Self.use(names, in: folder)
                    + ["-Xlinker", "--disable-new-dtags", "-Xlinker", "-rpath=$ORIGIN/lib"],
                inputs: own + names.map { "\(folder)/lib/\($0)" }, list: "\(path).list", objects: own)
        }
    }

    /// Adds what the parts were linked with to the programs' own links. A module of a part, or its name for a C function,
    /// may be all that asks for a library such as libm, and the linker does not look for symbols behind the parts.
    /// - Parameter needed: names of shared libraries, as the parts have them.
    mutating func useLibraries(_ needed: [String]) {
        let flags = Set(needed).subtracting([Self.dependencyLibrary, Self.sharedLibrary]).sorted().map { "-l:\($0)" }
        for product in programs.keys { programs[product]?.arguments += flags }
    }

    /// Why a program cannot be split; nil when it can.
    static func refusal(_ program: DriverPlan.Program) -> String? {
        let whole = ["-static-stdlib", "-static-executable", "-static"].first(where: program.arguments.contains)
        return whole.map { "it is linked with \($0)" }
    }

    private static func use(_ names: [String], in folder: String) -> [String] {
        names.isEmpty ? [] : ["-L", "\(folder)/lib"] + names.reversed().map { "-l\($0.dropFirst(3).dropLast(3))" }
    }

    private static func replacing(_ arguments: [String], output: String, list: String) -> [String] {
        var replaced = arguments
        for index in replaced.indices {
            if index > 0, arguments[index - 1] == "-o" { replaced[index] = output }
            if arguments[index].hasPrefix("@"), arguments[index].hasSuffix("Objects.LinkFileList") {
                replaced[index] = "@\(list)"
            }
        }
        return replaced
    }

    /// What all links say beside their own outputs and inputs: target, linker, search paths, system libraries.
    private static func flags(of programs: [String: DriverPlan.Program]) -> [String] {
        var flags: [String] = []
        for (_, program) in programs.sorted(by: { $0.key < $1.key }) {
            let own = common(program.arguments)
            if flags.isEmpty {
                flags = own
            } else {
                flags += own.filter { $0.hasPrefix("-l") && !flags.contains($0) }
            }
        }
        return flags
    }

    private static func common(_ arguments: [String]) -> [String] {
        var kept: [String] = []
        var index = 1
        while index < arguments.count {
            let rest = arguments[index...]
            if rest.first == "-o" || rest.first == "-module-name" {
                index += 2
            } else if rest.starts(with: ["-Xlinker", "--defsym", "-Xlinker"]) {
                index += 4
            } else if rest.first == "-emit-executable" || rest.first?.hasPrefix("@") == true {
                index += 1
            } else {
                kept.append(arguments[index])
                index += 1
            }
        }
        return kept
    }
}
