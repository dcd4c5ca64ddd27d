// SPDX-License-Identifier: Apache-2.0

/// An amount of a resource as Kubernetes writes it: `100m`, `1.5`, `64Mi`, `2G`, `1e3`.
package struct Quantity: Sendable, Equatable, Comparable {
    /// In whole units: processors, bytes.
    package var value: Double

    package init(_ value: Double) { self.value = value }

    /// Nil for a text that is no quantity.
    package init?(_ text: String) {
        let digits = text.prefix { $0.isNumber || $0 == "." || $0 == "-" || $0 == "+" }
        let suffix = text.dropFirst(digits.count)
        guard let number = Double(digits) else { return nil }
        if let factor = Self.factors[String(suffix)] {
            value = number * factor
        } else if let first = suffix.first, first == "e" || first == "E", let whole = Double(text) {
            value = whole
        } else {
            return nil
        }
    }

    /// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    private static let factors: [String: Double] = [
        "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
        "Ki": 1024, "Mi": 1_048_576, "Gi": 1_073_741_824, "Ti": 1_099_511_627_776, "Pi": 1_125_899_906_842_624,
        "Ei": 1_152_921_504_606_846_976,
    ]

    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    /// For people: memory and storage with binary units, others with up to three digits behind the point.
    package func text(of resource: String) -> String {
        if resource == "memory" || resource.hasSuffix("storage") || resource.hasPrefix("hugepages") {
            for (unit, factor) in [("Gi", 1_073_741_824.0), ("Mi", 1_048_576), ("Ki", 1024)] where value >= factor {
                return Self.short((value / factor * 10).rounded(.down) / 10) + unit
            }
        }
        return Self.short((value * 1000).rounded(.down) / 1000)
    }

    private static func short(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }
}
