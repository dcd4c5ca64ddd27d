// SPDX-License-Identifier: Apache-2.0

import LocalPods
import Testing

struct PathMapTests {
    private var map: PathMap {
        var map = PathMap(root: "/r")
        map.add("/app")
        map.add("/etc/shop/")
        map.add("/data", at: "/home/me/data")
        map.add("/")
        return map
    }

    @Test(
        arguments: [
            ("/app", "/r/app"), ("/app/web", "/r/app/web"), ("/app/", "/r/app"),
            ("/etc/shop/a.yaml", "/r/etc/shop/a.yaml"),
            ("/data/x", "/home/me/data/x"), ("/app/../app/web", "/r/app/web"),
            ("/application", nil), ("/etc", nil), ("/bin/sh", nil), ("/", nil), ("/app/../../etc/passwd", nil),
        ] as [(String, String?)])
    func places(_ path: String, _ expected: String?) { #expect(map.local(path) == expected) }

    @Test(
        arguments: [
            ("/app/web", "/r/app/web"), ("--config=/etc/shop/a.yaml", "--config=/r/etc/shop/a.yaml"),
            ("/bin:/app/bin:/data", "/bin:/r/app/bin:/home/me/data"), ("/app,/tmp", "/r/app,/tmp"),
            ("a/app/b", "a/app/b"), ("http://host/app/x", "http://host/app/x"), ("file:///app/x", "file:///app/x"),
            ("cat /etc/shop/a \"/app/b\"", "cat /r/etc/shop/a \"/r/app/b\""), ("", ""), ("/", "/"), ("a / b", "a / b"),
        ])
    func translates(_ text: String, _ expected: String) { #expect(map.translated(text) == expected) }

    @Test(
        arguments: [
            ("/etc/shop/a", true), ("--file=/etc/shop", true), ("/etc/shopping", false), ("etc", false),
        ])
    func mentions(_ text: String, _ expected: Bool) { #expect(PathMap.mentions(text, "/etc/shop/") == expected) }
}
