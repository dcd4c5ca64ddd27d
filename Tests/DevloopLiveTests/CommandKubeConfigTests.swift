// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import KubeClient
import Testing

@testable import DevloopLive

/// What commands of the spec are told of the session's cluster.
@Suite(.timeLimit(.minutes(1)))
struct CommandKubeConfigTests {
    @Test func theSessionsContextAndNamespaceCount() throws {
        let folder = try TemporaryDirectory("kubeconfig")
        try folder.write(
            "config",
            """
            current-context: production
            clusters: [{name: c1, cluster: {server: 'https://one'}}, {name: c2, cluster: {server: 'https://two'}}]
            contexts:
              - {name: production, context: {cluster: c1, user: u1}}
              - {name: local, context: {cluster: c2, user: u2, namespace: default}}
            users: [{name: u1, user: {token: one}}, {name: u2, user: {token: two}}]
            """)
        let config = CommandKubeConfig(
            context: "local", cluster: "c2", user: "u2", namespace: "shop", files: [folder("config")])
        let value = try config.value()
        let paths = value.split(separator: ":").map(String.init)
        #expect(paths.count == 2)
        #expect(paths.last == folder("config"))
        // Read as kubectl reads it: what stands first counts.
        let selection = try KubeConfig.load(KubeConfig.paths(environment: ["KUBECONFIG": value])).select()
        #expect(selection.context.name == "local")
        #expect(selection.context.namespace == "shop")
        #expect(selection.cluster.server == "https://two")
        #expect(selection.user.token == "two")

        let file = try #require(paths.first)
        #expect(try !TestFiles.read(file).contains("token"))
        var status = stat()
        #expect(stat(file, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        // One file for all commands, and none is left.
        #expect(try config.value() == value)
        config.remove()
        #expect(!TestFiles.exists(file))
        config.remove()
    }
}
