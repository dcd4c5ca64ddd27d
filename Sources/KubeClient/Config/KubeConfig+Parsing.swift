// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport
import YAMLTree

extension KubeConfig {
    /// Reads the text of one kubeconfig.
    /// - Parameter file: Absolute path; relative paths in the text are relative to its folder.
    /// - Throws: `DevloopError` (`kubeconfig`) with file and line. Values of secrets are never quoted.
    package init(parsing bytes: [UInt8], file: String) throws {
        self.init()
        files = [file]
        let documents: [YAMLDocument]
        do {
            documents = try YAML.parse(bytes, file: file)
        } catch {
            throw DevloopError(.kubeconfig, error.message, at: error.location, hint: error.hint)
        }
        guard let root = documents.first?.root else { return }
        if root.isNull { return }
        let top = try KubeConfigNode(root, "kubeconfig", file: file).mapping()
        currentContext = try top.string("current-context").flatMap { $0.isEmpty ? nil : $0 }
        for entry in try top.list("clusters") {
            let cluster = try Self.cluster(entry)
            if !clusters.contains(where: { $0.name == cluster.name }) { clusters.append(cluster) }
        }
        for entry in try top.list("users") {
            let user = try Self.user(entry)
            if !users.contains(where: { $0.name == user.name }) { users.append(user) }
        }
        for entry in try top.list("contexts") {
            let context = try Self.context(entry)
            if !contexts.contains(where: { $0.name == context.name }) { contexts.append(context) }
        }
    }

    private static func cluster(_ entry: KubeConfigNode) throws -> Cluster {
        let name = try entry.required("name")
        let body = try entry.child("cluster")
        var server = try body.required("server")
        while server.hasSuffix("/") { server.removeLast() }
        guard server.hasPrefix("https://") || server.hasPrefix("http://") else {
            throw body.fault("server of cluster '\(name)' is no http or https address", at: "server")
        }
        var cluster = Cluster(name: name, server: server, location: entry.location)
        cluster.certificateAuthority = try body.pem("certificate-authority")
        cluster.insecureSkipTLSVerify = try body.bool("insecure-skip-tls-verify")
        cluster.tlsServerName = try body.string("tls-server-name").flatMap { $0.isEmpty ? nil : $0 }
        cluster.proxyURL = try body.string("proxy-url").flatMap { $0.isEmpty ? nil : $0 }
        if let proxy = cluster.proxyURL,
            !["http://", "https://", "socks5://", "socks5h://"].contains(where: { proxy.hasPrefix($0) })
        {
            // Not quoted: it may hold a password.
            throw body.fault("'proxy-url' is no http, https or socks5 address", at: "proxy-url")
        }
        cluster.providers = try providers(body)
        return cluster
    }

    private static func user(_ entry: KubeConfigNode) throws -> User {
        var user = User(name: try entry.required("name"), location: entry.location)
        guard let body = try entry.optionalChild("user") else { return user }
        user.token = try body.string("token")
        user.tokenFile = try body.path("tokenFile")
        user.clientCertificate = try body.pem("client-certificate")
        user.clientKey = try body.pem("client-key")
        user.username = try body.string("username")
        user.password = try body.string("password")
        user.authProvider = try body.optionalChild("auth-provider")?.string("name")
        if let exec = try body.optionalChild("exec") { user.exec = try plugin(exec) }
        return user
    }

    private static func plugin(_ exec: KubeConfigNode) throws -> ExecPlugin {
        var command = try exec.required("command")
        // A path with a slash is relative to the file; a bare name is looked up in PATH.
        if command.contains("/") { command = exec.absolute(command) }
        var plugin = ExecPlugin(
            apiVersion: try exec.required("apiVersion"), command: command, location: exec.location)
        guard plugin.apiVersion.hasPrefix("client.authentication.k8s.io/") else {
            throw exec.fault(
                "'\(plugin.apiVersion)' is no version of client.authentication.k8s.io", at: "apiVersion")
        }
        switch try exec.string("interactiveMode") ?? "IfAvailable" {
        case "Never", "IfAvailable": break
        case "Always": plugin.needsTerminal = true
        default: throw exec.fault("'interactiveMode' must be Never, IfAvailable or Always", at: "interactiveMode")
        }
        plugin.arguments = try exec.list("args").map { try $0.text() }
        for variable in try exec.list("env") {
            plugin.environment[try variable.required("name")] = try variable.string("value") ?? ""
        }
        plugin.installHint = try exec.string("installHint")
        plugin.provideClusterInfo = try exec.bool("provideClusterInfo")
        return plugin
    }

    private static func context(_ entry: KubeConfigNode) throws -> Context {
        let body = try entry.child("context")
        var context = Context(
            name: try entry.required("name"), cluster: try body.required("cluster"),
            user: try body.string("user") ?? "", location: entry.location)
        context.namespace = try body.string("namespace").flatMap { $0.isEmpty ? nil : $0 }
        context.providers = try providers(body)
        return context
    }

    private static func providers(_ body: KubeConfigNode) throws -> [String] {
        try body.list("extensions").compactMap { entry in
            // Extensions are free-form: anything without a provider is somebody else's.
            entry.node["extension"]?["provider"]?.scalar?.text
        }
    }
}

/// A node of a kubeconfig that reports faults with its place.
struct KubeConfigNode {
    let node: YAMLNode
    let what: String
    let file: String

    init(_ node: YAMLNode, _ what: String, file: String) {
        self.node = node
        self.what = what
        self.file = file
    }

    var location: SourceLocation { node.location }

    func fault(_ message: String, at key: String? = nil) -> DevloopError {
        DevloopError(.kubeconfig, message, at: key.flatMap { node[$0]?.location } ?? node.location)
    }

    func mapping() throws -> KubeConfigNode {
        guard node.mapping != nil else { throw fault("\(what) must be a mapping") }
        return self
    }

    func optionalChild(_ key: String) throws -> KubeConfigNode? {
        guard let child = node[key], !child.isNull else { return nil }
        return try KubeConfigNode(child, key, file: file).mapping()
    }

    func child(_ key: String) throws -> KubeConfigNode {
        guard let child = try optionalChild(key) else { throw fault("\(what) has no '\(key)'") }
        return child
    }

    /// Elements of a list; empty when the key is missing or null.
    func list(_ key: String) throws -> [KubeConfigNode] {
        guard let child = node[key], !child.isNull else { return [] }
        guard let elements = child.sequence else { throw fault("'\(key)' must be a list", at: key) }
        return elements.map { KubeConfigNode($0, "entry of '\(key)'", file: file) }
    }

    func text() throws -> String {
        guard let scalar = node.scalar else { throw fault("\(what) must be text") }
        return scalar.text
    }

    func string(_ key: String) throws -> String? {
        guard let child = node[key], !child.isNull else { return nil }
        guard let scalar = child.scalar else { throw fault("'\(key)' must be text", at: key) }
        return scalar.text
    }

    func required(_ key: String) throws -> String {
        guard node.mapping != nil else { throw fault("\(what) must be a mapping") }
        guard let value = try string(key), !value.isEmpty else { throw fault("\(what) has no '\(key)'") }
        return value
    }

    func bool(_ key: String) throws -> Bool {
        guard let value = try string(key) else { return false }
        switch value {
        case "true": return true
        case "false": return false
        default: throw fault("'\(key)' must be true or false", at: key)
        }
    }

    func path(_ key: String) throws -> String? { try string(key).flatMap { $0.isEmpty ? nil : absolute($0) } }

    func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let slash = file.lastIndex(of: "/") else { return path }
        return "\(file[...slash])\(path)"
    }

    /// `key-data` holds base64 and wins over `key`, which names a file.
    func pem(_ key: String) throws -> TLSSettings.PEM? {
        if let data = try string(key + "-data"), !data.isEmpty {
            guard let bytes = Base64.decode(data) else { throw fault("'\(key)-data' is not base64", at: key + "-data") }
            return .bytes(bytes)
        }
        return try path(key).map { .file($0) }
    }
}

extension YAMLNode {
    var isNull: Bool {
        guard let scalar else { return false }
        return scalar.isPlain && ["", "~", "null"].contains(scalar.text)
    }
}
