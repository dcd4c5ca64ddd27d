// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner

/// A validating webhook: an HTTPS server on loopback that denies whatever it is asked about.
struct AdmissionServer {
    let port: Int
    /// Its own certificate, PEM.
    let certificate: String

    /// Prints its port, then answers.
    private static let program = """
        import http.server, json, ssl, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_POST(self):
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                request = review["request"]
                body = json.dumps({"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": {
                    "uid": request["uid"], "allowed": False,
                    "status": {"code": 403, "message": "a %s needs the label team" % request["kind"]["kind"]}}}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *words): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("server.crt", "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_address[1], flush=True)
        server.serve_forever()

        """

    /// Runs `body` beside a server, which is ended in any case.
    static func run(_ body: (AdmissionServer) async throws -> Void) async throws {
        let folder = try TemporaryDirectory("admission")
        try folder.write("server.py", program)
        let made = try await ProcessRunner.run(
            ProcessCommand(
                [
                    "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "server.key", "-out", "server.crt",
                ], directory: folder.path))
        guard made.status.isSuccess else { throw DevloopError(.process, "openssl: \(made.errorText)") }
        let channel = try await ProcessRunner.open(
            ProcessCommand(["python3", "server.py"], directory: folder.path), onError: { _ in })
        do {
            let line = String(decoding: try await channel.receive() ?? [], as: UTF8.self)
            guard let port = Int(line.prefix { $0.isNumber }) else {
                throw DevloopError(.process, "the webhook's server did not start: \(line)")
            }
            try await body(
                AdmissionServer(port: port, certificate: try TestFiles.read(folder("server.crt"))))
        } catch {
            await channel.close()
            throw error
        }
        await channel.close()
    }
}
