// SPDX-License-Identifier: Apache-2.0

import Plan
import Starlark

/// `TRIGGER_MODE_AUTO` and `TRIGGER_MODE_MANUAL`.
final class TriggerModeValue: ForeignValue {
    let mode: Resource.TriggerMode

    init(_ mode: Resource.TriggerMode) { self.mode = mode }

    var typeName: String { "TriggerMode" }
    var repr: String { "TRIGGER_MODE_\(mode.rawValue.uppercased())" }
    func isEqual(to other: any ForeignValue) -> Bool { (other as? TriggerModeValue)?.mode == mode }
}
