// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Writes quantities as text where a manifest has a plain number (`cpu: 2`): API servers before 1.21 refuse numbers in
/// server-side apply, though `kubectl apply` takes them.
enum QuantityText {
    static func written(_ object: JSONValue) -> JSONValue {
        switch object["kind"]?.string {
        case "PersistentVolumeClaim": return object.changing(["spec"], claim)
        case "PersistentVolume": return object.changing(["spec", "capacity"], texts)
        case "ResourceQuota": return object.changing(["spec", "hard"], texts)
        case "LimitRange":
            return object.changing(["spec", "limits"]) { limits in
                .array(
                    (limits.array ?? []).map { limit in
                        ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"].reduce(limit) {
                            $0.changing([$1], texts)
                        }
                    })
            }
        default:
            let changed = AppliedForm.changingContainers(of: object) { $0.changing(["resources"], resources) }
            return changed.changing(["spec", "volumeClaimTemplates"]) { templates in
                .array((templates.array ?? []).map { $0.changing(["spec"], claim) })
            }
        }
    }

    private static func claim(_ spec: JSONValue) -> JSONValue { spec.changing(["resources"], resources) }

    private static func resources(_ holder: JSONValue) -> JSONValue {
        holder.changing(["limits"], texts).changing(["requests"], texts)
    }

    private static func texts(_ amounts: JSONValue) -> JSONValue {
        guard let members = amounts.object?.members else { return amounts }
        var object = JSONObject()
        for (key, value) in members {
            if case .string = value { object[key] = value } else { object[key] = .string(value.jsonText) }
        }
        return .object(object)
    }
}
