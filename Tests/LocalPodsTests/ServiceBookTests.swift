// SPDX-License-Identifier: Apache-2.0

import LocalPods
import Testing

struct ServiceBookTests {
    private let book = ServiceBook([
        ServiceBook.Entry(
            name: "link-manager", namespace: "default", host: "127.0.0.1",
            ports: [
                ServiceBook.Port(name: "http", number: 80, local: 41_000),
                ServiceBook.Port(name: "metrics", number: 9100, local: 41_001),
            ]),
        ServiceBook.Entry(
            name: "db", namespace: "shop", host: "db.example.com",
            ports: [ServiceBook.Port(name: "", number: 5432, local: 6432)]),
        ServiceBook.Entry(
            name: "silent", namespace: "default", host: "127.0.0.1",
            ports: [ServiceBook.Port(name: "", number: 1, local: 2)], isHeadless: true),
    ])

    @Test("Pods are told of the Services of their namespace, in Kubernetes' variables")
    func variables() {
        #expect(
            book.variables(namespace: "default") == [
                "LINK_MANAGER_SERVICE_HOST": "127.0.0.1", "LINK_MANAGER_SERVICE_PORT": "41000",
                "LINK_MANAGER_SERVICE_PORT_HTTP": "41000", "LINK_MANAGER_SERVICE_PORT_METRICS": "41001",
                "LINK_MANAGER_PORT": "tcp://127.0.0.1:41000", "LINK_MANAGER_PORT_80_TCP": "tcp://127.0.0.1:41000",
                "LINK_MANAGER_PORT_80_TCP_PROTO": "tcp", "LINK_MANAGER_PORT_80_TCP_PORT": "41000",
                "LINK_MANAGER_PORT_80_TCP_ADDR": "127.0.0.1",
                "LINK_MANAGER_PORT_9100_TCP": "tcp://127.0.0.1:41001", "LINK_MANAGER_PORT_9100_TCP_PROTO": "tcp",
                "LINK_MANAGER_PORT_9100_TCP_PORT": "41001", "LINK_MANAGER_PORT_9100_TCP_ADDR": "127.0.0.1",
            ])
        #expect(book.variables(namespace: "shop")["DB_SERVICE_HOST"] == "db.example.com")
        #expect(book.variables(namespace: "other").isEmpty)
    }

    @Test(
        "Names of Services lead to where they are",
        arguments: [
            ("URL", "http://link-manager/x", "http://127.0.0.1:41000/x"),
            ("URL", "http://link-manager:9100", "http://127.0.0.1:41001"),
            ("URL", "http://link-manager.default.svc.cluster.local:80/a?b=c", "http://127.0.0.1:41000/a?b=c"),
            ("DSN", "postgres://me:secret@db.shop:5432/links", "postgres://me:secret@db.example.com:6432/links"),
            ("PEERS", "link-manager:80,other:80", "127.0.0.1:41000,other:80"),
            ("LINK_HOST", "link-manager", "127.0.0.1"), ("DB_HOST", "db.shop.svc", "db.example.com"),
            // A word that is no place, a name of another namespace, a port that the Service has not.
            ("TITLE", "link-manager", "link-manager"), ("DB_HOST", "db", "db"),
            ("URL", "http://link-manager:81/", "http://link-manager:81/"), ("X", "a:b:c", "a:b:c"), ("X", "", ""),
            ("URL", "https://link-manager/", "https://link-manager/"), ("X", "silent:1", "127.0.0.1:2"),
        ])
    func translates(_ variable: String, _ value: String, _ expected: String) {
        #expect(book.translated(value, variable: variable, namespace: "default") == expected)
    }
}
