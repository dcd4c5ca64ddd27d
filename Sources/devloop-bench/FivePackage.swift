// SPDX-License-Identifier: Apache-2.0

/// A generated Hummingbird package: five services of several files and a library that all of them share.
struct FivePackage: Sendable {
    static let services = ["basket", "catalog", "ledger", "orders", "search"]
    private static let parts = 6

    /// Absolute.
    let folder: String

    /// The file of a service of which one line is edited.
    func source(_ service: String) -> String { "\(folder)/Sources/\(service)/Banner.swift" }

    /// The file of the shared library, with the line in the body of a function.
    var sharedSource: String { "\(folder)/Sources/SharedKit/Banner.swift" }

    /// Writes what is not there as it should be; files that are keep their times, so that what was compiled is kept.
    func make() throws {
        var files = ["Package.swift": Self.manifest, "Sources/SharedKit/Banner.swift": Self.sharedBanner]
        for part in 1...Self.parts {
            files["Sources/SharedKit/Part\(part).swift"] = Self.sharedPart(part)
        }
        for service in Self.services {
            files["Sources/\(service)/Banner.swift"] = Self.banner
            files["Sources/\(service)/Service.swift"] = Self.service(service)
            for part in 1...Self.parts { files["Sources/\(service)/Part\(part).swift"] = Self.part(part, of: service) }
            files["\(service).yaml"] = Self.deployment(service)
        }
        for (path, text) in files {
            let (file, bytes) = ("\(folder)/\(path)", Array(text.utf8))
            if let slash = file.lastIndex(of: "/") { try Files.makeDirectory(String(file[..<slash])) }
            if try !Files.exists(file) || Files.read(file) != bytes { try Files.write(file, bytes) }
        }
    }

    /// Writes a Devloopfile for one service, an image of its own name and nothing synced; returns its path.
    func spec(_ service: String, image: String, registry: String?) throws -> String {
        let path = "\(folder)/\(image).Devloopfile"
        let registry = registry.map { "default_registry('\($0)')\n" } ?? ""
        let text = """
            \(registry)swift_image('bench/\(image)', package='.', product='\(service)', live=False)
            k8s_yaml(blob(str(read_file('\(service).yaml')).replace('bench/\(service)', 'bench/\(image)')))

            """
        try Files.write(path, Array(text.utf8))
        return path
    }

    private static var manifest: String {
        let programs = services.map { name in
            """
                    .executableTarget(
                        name: "\(name)",
                        dependencies: ["SharedKit", .product(name: "Hummingbird", package: "hummingbird")]),

            """
        }
        return """
            // swift-tools-version: 6.2
            import PackageDescription

            let package = Package(
                name: "five",
                dependencies: [
                    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
                ],
                targets: [
                    .target(name: "SharedKit"),
            \(programs.joined())    ]
            )

            """
    }

    /// The line that is edited stands at the margin, where `BannerFile` looks for it.
    private static let sharedBanner = """
        public func greeting(_ text: String) -> String {
        let banner = "start"
            return "\\(text) \\(banner)"
        }

        """

    private static let banner = "let banner = \"start\"\n\nfunc text() -> String { banner }\n"

    private static func sharedPart(_ part: Int) -> String {
        """
        public struct Record\(part): Sendable, Hashable, Codable {
            public var number: Int
            public var name: String
            public var tags: [String]

            public init(number: Int, name: String, tags: [String] = []) {
                (self.number, self.name, self.tags) = (number, name, tags)
            }

            public func renamed(_ name: String) -> Record\(part) { Record\(part)(number: number + 1, name: name, tags: tags) }
        }

        extension Sequence<Record\(part)> {
            public func named(_ name: String) -> [Record\(part)] { filter { $0.name == name }.sorted { $0.number < $1.number } }
        }

        """
    }

    private static func part(_ part: Int, of service: String) -> String {
        """
        import Hummingbird
        import SharedKit

        struct Shelf\(part): Sendable {
            var records = (1...9).map { Record\(part)(number: $0, name: "\(service) \\($0)") }

            func add(to router: Router<BasicRequestContext>) {
                router.get("/\(part)/:name") { _, context in
                    let name = context.parameters.get("name") ?? ""
                    return records.named(name).map { $0.renamed(text()) }.map(\\.name).joined(separator: ", ")
                }
            }
        }

        """
    }

    /// It says its text and ends when it is asked to, so that a build can be looked at without a cluster.
    private static func service(_ name: String) -> String {
        """
        import Hummingbird
        import SharedKit

        @main
        struct Service {
            static func main() async throws {
                guard !CommandLine.arguments.contains("--say") else { return print(greeting(text())) }
                let router = Router()
                router.get("/") { _, _ in greeting(text()) }
        \((1...parts).map { "        Shelf\($0)().add(to: router)\n" }.joined())        let application = Application(
                    router: router, configuration: .init(address: .hostname("0.0.0.0", port: 8080)))
                try await application.runService()
            }
        }

        """
    }

    private static func deployment(_ service: String) -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: \(service)
        spec:
          selector:
            matchLabels:
              app: \(service)
          template:
            metadata:
              labels:
                app: \(service)
            spec:
              terminationGracePeriodSeconds: 1
              automountServiceAccountToken: false
              containers:
              - name: \(service)
                image: bench/\(service)
                ports:
                - containerPort: 8080
                readinessProbe:
                  httpGet:
                    path: /
                    port: 8080
                  periodSeconds: 1

        """
    }
}
