// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ElfFiles
import Glibc
import ProcessRunner

extension SwiftBuilder {
    /// How a product was linked.
    enum LinkWay: Equatable {
        case split
        /// As SwiftPM does it, and why.
        case whole(String)
    }

    private var linkFolder: String { "\(scratch)/devloop-link" }

    /// Links what is stale of these products.
    /// - Parameter isFresh: whether SwiftPM has just linked everything its own way.
    /// - Returns: nil when all are linked; else what the linker said of the user's own code.
    func link(
        _ products: [String], isFresh: Bool, _ graph: PackageGraph,
        _ onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> BuildOutputParser? {
        guard let driver else {
            for product in products { linkWays[product] = .whole("there is no plan of the build to take it from") }
            return nil
        }
        let known = driver.plan.programs.filter { graph.root.executables.contains($0.key) }
        var split = known
        for (product, program) in known {
            guard let reason = SplitLink.refusal(program) else { continue }
            note(product, .whole(reason), onEvent)
            split[product] = nil
        }
        let parts = Parts(graph, products: Self.folder(of: known.values.first?.path ?? ""))
        var plan = SplitLink(split, folder: linkFolder, part: parts.part)
        mkdir(linkFolder, 0o755)
        mkdir("\(linkFolder)/lib", 0o755)
        var refusal: String?
        for step in plan.libraries {
            guard let problem = try await run(step) else { continue }
            refusal = "\(DriverPlan.fileName(step.output)): \(problem.firstError)"
            break
        }
        plan.useLibraries(plan.libraries.flatMap { ElfFile(path: $0.output)?.neededLibraries ?? [] })
        for product in products {
            guard let program = known[product] else { continue }
            if let step = plan.programs[product], refusal == nil {
                guard let problem = try await run(step) else {
                    note(product, .split, onEvent)
                    continue
                }
                note(product, .whole(problem.firstError), onEvent)
            } else if let refusal, split[product] != nil {
                note(product, .whole(refusal), onEvent)
            }
            if isFresh { continue }
            let whole = SplitLink.Step(
                output: program.path, arguments: program.arguments, inputs: program.objects, list: "", objects: [])
            if let problem = try await run(whole) { return problem }
        }
        return nil
    }

    /// Says a way once, when it is not the wanted one.
    private func note(_ product: String, _ way: LinkWay, _ onEvent: @Sendable (BuildEvent) -> Void) {
        guard linkWays[product] != way else { return }
        linkWays[product] = way
        guard case .whole(let reason) = way else { return }
        onEvent(
            .diagnosed(
                Diagnostic(
                    location: nil, severity: .note,
                    message: "\(product) is linked as a whole, which takes longer: \(reason)")))
    }

    /// Runs the linker if it is needed.
    /// - Returns: what it said when it failed.
    private func run(_ step: SplitLink.Step) async throws -> BuildOutputParser? {
        if LinkRecord.isCurrent(step) { return nil }
        LinkRecord.remove(step)
        if !step.list.isEmpty {
            // One name a line, quoted: names may contain spaces.
            let text = step.objects.map { "\"\($0)\"\n" }.joined()
            guard let file = fopen(step.list, "w") else {
                throw DevloopError(.build, "cannot write \(step.list): \(String(cString: strerror(errno)))")
            }
            fputs(text, file)
            fclose(file)
        }
        let result = try await ProcessRunner.run(
            ProcessCommand(step.arguments, directory: package, environment: .exact(environment)))
        guard result.status.isSuccess else {
            var parser = BuildOutputParser()
            for line in (result.outputText + "\n" + result.errorText).split(separator: "\n") {
                _ = parser.add(String(line))
            }
            return parser
        }
        LinkRecord.write(step)
        return nil
    }

    /// The libraries that a product was linked with, and that must go where it goes.
    func libraries(of product: String) -> [BuildArtifact.Library] {
        guard linkWays[product] == .split else { return [] }
        return [SplitLink.dependencyLibrary, SplitLink.sharedLibrary].compactMap { name in
            let path = "\(linkFolder)/lib/\(name)"
            return access(path, F_OK) == 0 ? BuildArtifact.Library(name: name, path: path) : nil
        }
    }

    /// Where the program of a product is after a build.
    package func executablePath(_ product: String) -> String {
        linkWays[product] == .split ? "\(linkFolder)/\(product)" : "\(products)/\(product)"
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }
}

/// Tells objects apart by the folder that SwiftPM puts them into, which is named after their module.
private struct Parts {
    private var kinds: [Substring: String] = [:]
    private let products: String

    init(_ graph: PackageGraph, products: String) {
        self.products = products + "/"
        for target in graph.packages.flatMap(\.targets) { kinds["\(target.module).build"] = target.kind }
    }

    func part(_ object: String) -> SplitLink.Part {
        guard object.hasPrefix(products) else { return .dependency }
        switch kinds[object.dropFirst(products.utf8.count).prefix { $0 != "/" }] {
        case nil: return .dependency
        case "library": return .shared
        default: return .own
        }
    }
}

extension BuildOutputParser {
    /// The first error that was told, without its place; else the last line.
    fileprivate var firstError: String {
        diagnostics.first { $0.severity == .error }?.message ?? tail.last ?? "the linker said nothing"
    }
}
