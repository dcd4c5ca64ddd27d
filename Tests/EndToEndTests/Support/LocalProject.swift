// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport

/// A project for local mode: one Swift package with a small server that tells what it was given.
struct LocalProject {
    let folder: TemporaryDirectory

    /// - Parameters:
    ///   - spec: lines behind the image.
    ///   - manifests: `app.yaml`.
    init(_ spec: String = "k8s_yaml('app.yaml')\n", manifests: String) throws {
        folder = try TemporaryDirectory("local")
        try folder.write(
            "Package.swift",
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(name: "teller", targets: [.executableTarget(name: "teller")])

            """)
        try folder.write("app.yaml", manifests)
        try folder.write("Devloopfile", "swift_image('local.test/teller')\n\(spec)")
        try write("one")
    }

    var path: String { folder.path }

    /// Makes another program.
    /// - Parameter start: statements before it serves.
    func write(_ word: String, start: String = "") throws {
        try folder.write("Sources/teller/main.swift", Self.source(word, start: start))
    }

    /// It listens on loopback, or everywhere where there is a variable `ANY`. `GET /` tells the word; `/VARIABLE` the value of a variable; `/files/PATH` a file; `/through/VARIABLE` what the server
    /// says whose address with a port is in the variable; `/end/CODE` ends it; `/pid` tells its process.
    private static func source(_ word: String, start: String) -> String {
        #"""
        import Glibc

        func text(_ request: String) -> String {
            let path = request.split(separator: " ").dropFirst().first.map(String.init) ?? "/"
            let parts = path.split(separator: "/").map(String.init)
            guard let first = parts.first else { return "teller WORD" }
            switch first {
            case "pid": return String(getpid())
            case "end": exit(Int32(parts.last ?? "0") ?? 0)
            case "files": return read(path.dropFirst("/files".count).description)
            case "through": return ask(variable(parts.last ?? ""))
            default: return variable(first)
            }
        }

        func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "unset" }

        func read(_ path: String) -> String {
            guard let file = fopen(path, "r") else { return "missing" }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = fread(&bytes, 1, 4096, file)
            return String(decoding: bytes.prefix(count), as: UTF8.self)
        }

        func address(_ port: String, _ host: UInt32) -> sockaddr_in {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(port) ?? 0).bigEndian
            address.sin_addr.s_addr = host.bigEndian
            return address
        }

        func ask(_ place: String) -> String {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(client) }
            var target = address(place.split(separator: ":").last.map(String.init) ?? "", 0x7F00_0001)
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isOpen = withUnsafePointer(to: &target) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, size) == 0 }
            }
            guard isOpen else { return "refused" }
            let request = "GET / HTTP/1.0\r\n\r\n"
            send(client, request, request.utf8.count, 0)
            var answer = ""
            var bytes = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(client, &bytes, bytes.count, 0)
                if count <= 0 { break }
                answer += String(decoding: bytes.prefix(count), as: UTF8.self)
            }
            return answer.split(separator: "\r\n").last.map(String.init) ?? ""
        }

        signal(SIGPIPE, SIG_IGN)
        print("teller WORD starts with \(CommandLine.arguments.dropFirst().joined(separator: " "))")
        fflush(nil)
        START
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var on: Int32 = 1
        setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var own = address(variable("PORT"), variable("ANY") == "unset" ? 0x7F00_0001 : 0)
        let isBound = withUnsafePointer(to: &own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isBound, listen(server, 16) == 0 else {
            print("port \(variable("PORT")) is in use")
            fflush(nil)
            exit(1)
        }
        while true {
            let client = accept(server, nil, nil)
            if client < 0 { continue }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = max(0, recv(client, &bytes, bytes.count, 0))
            let body = text(String(decoding: bytes.prefix(count), as: UTF8.self))
            let answer = "HTTP/1.0 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            send(client, answer, answer.utf8.count, 0)
            close(client)
        }

        """#.replacing("WORD", with: word).replacing("START", with: start)
    }

    /// A Deployment whose container runs the program, with a readiness check of its port.
    /// - Parameters:
    ///   - container: further lines of the container, at its indentation.
    ///   - pod: further lines of the Pod's spec.
    static func deployment(
        _ name: String, port: Int, image: String = "local.test/teller", container: String = "", pod: String = ""
    ) -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: \(name)}
        spec:
          selector:
            matchLabels: {app: \(name)}
          template:
            metadata:
              labels: {app: \(name)}
            spec:
              terminationGracePeriodSeconds: 2
              containers:
                - name: \(name)
                  image: \(image)
                  ports: [{containerPort: \(port), name: http}]
                  readinessProbe:
                    tcpSocket: {port: http}
                    periodSeconds: 1
        \(indented(container, 10))\(indented(pod, 6))---

        """
    }

    static func service(_ name: String, port: Int) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec:
          selector: {app: \(name)}
          ports: [{port: \(port), targetPort: http}]
        ---

        """
    }

    private static func indented(_ text: String, _ depth: Int) -> String {
        text.split(separator: "\n").map { String(repeating: " ", count: depth) + $0 + "\n" }.joined()
    }
}
