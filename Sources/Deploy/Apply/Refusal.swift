// SPDX-License-Identifier: Apache-2.0

/// What an API server's refusal of an object means. The server's own words are shown; this adds whose business it is and
/// what to do. Pure.
///
/// Servers tell many of these apart by words alone, so words are looked at; what is not known keeps a general hint.
package struct Refusal: Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// Another manager has the field.
        case conflict
        /// The object changed between reading and writing: apply again.
        case stale
        /// Comes and goes by itself while a namespace is being set up: apply again.
        case early
        case tooLarge, quota, limits, webhookDenied, webhookDown, podSecurity
        case namespaceMissing, namespaceEnding, unknownField, invalid
        /// The user may not.
        case rights
        case other
    }

    package var kind: Kind
    package var hint: String?

    /// - Parameters:
    ///   - status: of HTTP.
    ///   - reason: the server's machine word.
    ///   - causes: machine words of the details.
    package init(status: Int, reason: String, causes: [String], message: String) {
        kind = Self.kind(status, reason, causes, message)
        hint = Self.hint(kind)
    }

    private static func kind(_ status: Int, _ reason: String, _ causes: [String], _ message: String) -> Kind {
        func says(_ words: String...) -> Bool { words.contains { message.contains($0) } }
        if causes.contains("FieldManagerConflict") { return .conflict }
        if causes.contains("NamespaceTerminating") || says("because it is being terminated") { return .namespaceEnding }
        if status == 409 { return says("conflict with") ? .conflict : .stale }
        if status == 413 || says("request is too large", "Request entity too large", "Too long: must have at most") {
            return .tooLarge
        }
        if says("denied the request") { return .webhookDenied }
        if says("failed calling webhook", "failed calling admission webhook") { return .webhookDown }
        if says("exceeded quota", "failed quota") { return .quota }
        if says("violates PodSecurity", "pod security policy") { return .podSecurity }
        if status == 403, says("usage per", "limit to request ratio") { return .limits }
        if says("error looking up service account") { return .early }
        if status == 404, message.hasPrefix("namespaces ") { return .namespaceMissing }
        if says("field not declared in schema", "unknown field") { return .unknownField }
        if status == 403, says("\" cannot ") { return .rights }
        if status == 400 || status == 422 { return .invalid }
        return .other
    }

    private static func hint(_ kind: Kind) -> String? {
        switch kind {
        case .conflict:
            "leave these fields to the other manager and out of the manifest, or take them over for good with the "
                + "annotation \(Ownership.conflictAnnotation): \(Ownership.takeOver) on the object"
        case .stale: "something else writes the object again and again; see who with kubectl get --show-managed-fields"
        case .early: "the namespace is still being set up"
        case .tooLarge:
            "the server stores objects up to about 1 MiB: split it, or put the data into the image or a volume"
        case .quota: "free some of it (kubectl describe resourcequota), or ask for less in the manifest"
        case .limits: "the namespace's LimitRange sets bounds (kubectl describe limitrange); ask for what lies within"
        case .webhookDenied: "the rule is that webhook's: change the object as it says"
        case .webhookDown:
            "the service behind the webhook does not answer: look at its Pods, or delete its configuration if it is gone"
        case .podSecurity: "the namespace does not let Pods do that; change their securityContext, or its policy"
        case .namespaceMissing: "create it: kubectl create namespace, or namespace_create() of ext://namespace"
        case .namespaceEnding: "wait until the namespace is gone, or use another one with -n"
        case .unknownField: "look for a typing error; 'kubectl explain' tells what the kind has"
        case .rights: "ask for this right, or use another context"
        case .invalid: "mend the named fields; 'kubectl explain' tells what they take"
        case .other: nil
        }
    }

    /// Whether the same request may succeed in a moment.
    package var isWorthRepeating: Bool { kind == .stale || kind == .early }
}
