// SPDX-License-Identifier: Apache-2.0

import Deploy
import Testing

/// Answers of API servers to objects that they do not take.
@Suite(.timeLimit(.minutes(1)))
struct RefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var status: Int
        var reason = ""
        var causes: [String] = []
        var message: String
        var kind: Refusal.Kind
        var testDescription: String { "\(status) \(message.prefix(60))" }
    }

    static let cases: [Case] = [
        Case(
            status: 409, reason: "Conflict", causes: ["FieldManagerConflict"],
            message: #"Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.a"#, kind: .conflict),
        Case(
            status: 409, reason: "Conflict",
            message: #"Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.a"#, kind: .conflict),
        Case(
            status: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on configmaps \"a\": the object has been modified", kind: .stale),
        Case(status: 409, reason: "AlreadyExists", message: "configmaps \"a\" already exists", kind: .stale),
        Case(
            status: 403, reason: "Forbidden",
            message:
                #"pods "a" is forbidden: error looking up service account x/default: serviceaccount "default" not found"#,
            kind: .early),
        Case(
            status: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: limit is 3145728",
            kind: .tooLarge),
        Case(
            status: 422, reason: "Invalid",
            message: #"ConfigMap "a" is invalid: []: Too long: must have at most 1048576 bytes"#, kind: .tooLarge),
        Case(status: 500, reason: "InternalError", message: "etcdserver: request is too large", kind: .tooLarge),
        Case(
            status: 403, reason: "Forbidden",
            message:
                #"services "a" is forbidden: exceeded quota: q, requested: services=1, used: services=0, limited: services=0"#,
            kind: .quota),
        Case(
            status: 403, reason: "Forbidden",
            message: #"pods "a" is forbidden: failed quota: q: must specify limits.cpu"#, kind: .quota),
        Case(
            status: 403, reason: "Forbidden",
            message: #"pods "a" is forbidden: maximum cpu usage per Container is 500m, but limit is 1"#, kind: .limits),
        Case(
            status: 400, reason: "", message: #"admission webhook "v.example.com" denied the request: no"#,
            kind: .webhookDenied),
        Case(
            status: 403, reason: "Forbidden",
            message: #"admission webhook "v.example.com" denied the request: User "x" cannot do this"#,
            kind: .webhookDenied),
        Case(
            status: 500, reason: "InternalError",
            message: #"Internal error occurred: failed calling webhook "v.example.com": connection refused"#,
            kind: .webhookDown),
        Case(
            status: 403, reason: "Forbidden",
            message: #"pods "a" is forbidden: violates PodSecurity "restricted:latest""#,
            kind: .podSecurity),
        Case(status: 404, reason: "NotFound", message: #"namespaces "shop" not found"#, kind: .namespaceMissing),
        Case(
            status: 403, reason: "Forbidden", causes: ["NamespaceTerminating"], message: "no", kind: .namespaceEnding),
        Case(
            status: 500, reason: "",
            message: "failed to create typed patch object: .spec.replica: field not declared in schema",
            kind: .unknownField),
        Case(
            status: 403, reason: "Forbidden",
            message:
                #"deployments.apps "web" is forbidden: User "ann" cannot patch resource "deployments" in API group "apps""#,
            kind: .rights),
        Case(status: 422, reason: "Invalid", message: "spec.ports[0].name: Required value", kind: .invalid),
        Case(status: 400, reason: "BadRequest", message: "unknown", kind: .invalid),
        Case(status: 503, reason: "ServiceUnavailable", message: "starting", kind: .other),
        Case(status: 403, reason: "Forbidden", message: "no", kind: .other),
    ]

    @Test(arguments: cases) func readsTheAnswer(_ item: Case) {
        let refusal = Refusal(status: item.status, reason: item.reason, causes: item.causes, message: item.message)
        #expect(refusal.kind == item.kind)
        #expect((refusal.hint == nil) == (item.kind == .other))
        #expect(refusal.isWorthRepeating == [.stale, .early].contains(item.kind))
    }
}
