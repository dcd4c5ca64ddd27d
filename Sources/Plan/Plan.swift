// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// The result of evaluating the Devloopfile: everything that the session is to keep running, as pure values.
package struct Plan: Sendable, Equatable {
    /// In the order in which the spec made them; `uncategorized`, if there is one, comes first among equals as in Tilt.
    package var resources: [Resource]
    /// Images that some resource uses, and those that none uses (with a warning).
    package var images: [Image]
    package var settings: PlanSettings
    /// Remarks for the user, in order.
    package var warnings: [PlanWarning]
    /// Absolute paths of files and directories that the evaluation read; a change of one evaluates again.
    package var watchedFiles: [String]

    package init(
        resources: [Resource] = [], images: [Image] = [], settings: PlanSettings = PlanSettings(),
        warnings: [PlanWarning] = [], watchedFiles: [String] = []
    ) {
        self.resources = resources
        self.images = images
        self.settings = settings
        self.warnings = warnings
        self.watchedFiles = watchedFiles
    }

    /// Absolute paths whose change can matter, but those of Swift packages, which only SwiftPM knows.
    package var watchRoots: [String] {
        var roots = Set(watchedFiles)
        for image in images {
            roots.formUnion(image.swift?.resources.map(\.source) ?? [])
            roots.formUnion(image.inputs)
            roots.formUnion(image.liveUpdate.flatMap(\.sources))
        }
        for resource in resources {
            roots.formUnion(resource.local?.deps ?? [])
            roots.formUnion(resource.kubernetes?.customDeploy?.deps ?? [])
        }
        return roots.sorted()
    }

    package func resource(_ name: String) -> Resource? { resources.first { $0.name == name } }
    package func image(_ ref: String) -> Image? { images.first { $0.ref == ref } }
}

/// A remark of the evaluation, with the place that caused it.
package struct PlanWarning: Sendable, Equatable {
    package var message: String
    package var location: SourceLocation?

    package init(_ message: String, at location: SourceLocation? = nil) {
        self.message = message
        self.location = location
    }
}
