// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

extension ManifestObject {
    /// Pod specs inside the object: a Pod's own, or the template of a workload.
    package var podSpecs: [JSONValue] {
        switch kind {
        case "Pod": [json["spec"]].compactMap { $0 }
        case "CronJob": [json.at("spec", "jobTemplate", "spec", "template", "spec")].compactMap { $0 }
        default: [json.at("spec", "template", "spec")].compactMap { $0 }
        }
    }
}
