// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Starlark

/// `v1alpha1`: constructors of Tilt's session objects. devloop has no such objects, so that all but those of extensions
/// are refused when they are called.
final class SessionObjects: ForeignValue {
    private unowned let evaluator: Evaluator

    init(_ evaluator: Evaluator) { self.evaluator = evaluator }

    var typeName: String { "module" }
    var repr: String { "<module \"v1alpha1\">" }
    var isHashable: Bool { false }
    var attrNames: [String] { Self.replacements.keys.sorted() + ["extension", "extension_repo"] }

    /// What to use instead of each.
    private static let replacements: [String: String] = [
        "cmd": "local_resource(name, cmd) runs a command",
        "cmd_image": "custom_build(ref, command, deps) makes an image with a command",
        "config_map": "k8s_yaml applies a ConfigMap; load('ext://configmap', 'configmap_create') makes one",
        "docker_image": "docker_build(ref, context) makes an image from a Dockerfile",
        "file_watch": "deps of local_resource name files to watch",
        "kubernetes_apply": "k8s_yaml applies objects, k8s_custom_deploy applies with a command",
        "kubernetes_discovery": "k8s_resource(extra_pod_selectors=...) finds further Pods",
        "live_update": "live_update of an image holds its rules",
        "port_forward": "k8s_resource(port_forwards=...) forwards ports",
        "ui_button": "load('ext://uibutton', 'cmd_button') makes a button",
    ]

    func attr(_ name: String) throws -> Value? {
        switch name {
        case "extension_repo": return .object(evaluator.repositoryBuiltin())
        case "extension": return .object(evaluator.extensionBuiltin())
        default:
            return .object(
                Builtin(name) { _, _ in
                    throw DevloopError(
                        .spec, "v1alpha1.\(name): session objects of Tilt are not supported",
                        hint: Self.replacements[name])
                })
        }
    }
}
