// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// The form in which objects go to the API server: what manifests may leave out or write otherwise, and server-side apply
/// of some servers refuses, is written as they want it.
package enum AppliedForm {
    package static func make(_ object: JSONValue) -> JSONValue {
        QuantityText.written(PortDefaults.filled(SecretData.encoded(object)))
    }

    /// Changes every container of an object with Pods, init containers included; others stay as they are.
    static func changingContainers(of object: JSONValue, _ body: (JSONValue) -> JSONValue) -> JSONValue {
        guard let path = podSpecs[object["kind"]?.string ?? ""] else { return object }
        return object.changing(path[...]) { spec in
            ["containers", "initContainers", "ephemeralContainers"].reduce(spec) { spec, key in
                spec.changing([key]) { .array(($0.array ?? []).map(body)) }
            }
        }
    }

    /// Where the specification of Pods lies, by kind.
    private static let podSpecs: [String: [String]] = {
        let template = ["spec", "template", "spec"]
        let workloads = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"]
        return workloads.reduce(into: [
            "Pod": ["spec"], "PodTemplate": ["template", "spec"], "CronJob": ["spec", "jobTemplate"] + template,
        ]) { $0[$1] = template }
    }()
}

extension JSONValue {
    /// Changes what lies at a path; an object without that path stays as it is.
    func changing(_ path: ArraySlice<String>, _ body: (JSONValue) -> JSONValue) -> JSONValue {
        guard let key = path.first else { return body(self) }
        guard let inner = self[key], inner != .null else { return self }
        var result = self
        result[key] = inner.changing(path.dropFirst(), body)
        return result
    }
}
