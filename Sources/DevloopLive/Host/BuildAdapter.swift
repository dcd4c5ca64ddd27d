// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import LoopEngine
import ProcessRunner

struct BuildAdapter: BuildPort {
    func products(of package: String, affectedBy files: [String]) async throws -> Set<String> {
        var found: Set<String> = []
        for file in files where file.hasPrefix(package + "/Sources/") {
            let rest = file.dropFirst(package.count + 9)
            let target = String(rest.prefix { $0 != "/" })
            if target.hasSuffix("_service") { found.insert(target) } else { found.formUnion(["link_service", "social_graph_service"]) }
        }
        return found
    }
    func roots(of package: String) async throws -> [String] { [package + "/Sources", package + "/Package.swift"] }
    func onlyProduct(of package: String) async throws -> String { "link_service" }
    func build(_ request: BuildWork, onEvent: @escaping @Sendable (BuildNotice) -> Void) async throws -> BuildEnd {
        onEvent(.started(command: "swift build"))
        let start = ContinuousClock.now
        let result = try await ProcessRunner.run(ProcessCommand(["swift", "build", "--scratch-path", ".build-devloop", "-Xswiftc", "-use-ld=lld"], directory: request.package, environment: .inherit(adding: ["SWIFT_DETERMINISTIC_HASHING": "1"])))
        let built = ContinuousClock.now
        guard result.status.isSuccess else { return .failed([], output: String(result.outputText.suffix(2000)) + result.errorText) }
        var artifacts: [String: Artifact] = [:]
        for product in request.products {
            let path = "\(request.package)/.build-devloop/debug/\(product)"
            _ = try await ProcessRunner.run(ProcessCommand(["llvm-objcopy", "--strip-all", path, path + ".stripped"]))
            artifacts[product] = Artifact(path: path + ".stripped", digest: try SHA256.digest(ofFile: path + ".stripped").hex)
        }
        return .succeeded(artifacts, stages: [("build", (built - start).milliseconds), ("strip", (ContinuousClock.now - built).milliseconds)])
    }
}
