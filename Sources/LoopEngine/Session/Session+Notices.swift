// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// What is told while images are made and objects applied.
extension Session {
    package static func record(_ notice: ImageNotice, in journal: Journal, save: Int?, resource: String) {
        switch notice {
        case .packed(let reference, let digest, let size, let duration):
            var fields: JSONObject = [
                "image": .string(reference), "duration": .int(duration.milliseconds), "size": .int(size),
            ]
            if let digest { fields["digest"] = .string(digest) }
            journal.record(.imagePacked, save: save, resource: resource, fields)
        case .delivered(let reference, let way, let sent, let duration):
            journal.record(
                .imageDelivered, save: save, resource: resource,
                [
                    "image": .string(reference), "way": .string(way), "duration": .int(duration.milliseconds),
                    "sent": .int(sent),
                ])
        case .output(let line):
            journal.record(.logWritten, save: save, resource: resource, ["text": .string(line)])
        }
    }

    static func record(_ notice: ApplyNotice, in journal: Journal, resource: String?) {
        switch notice {
        case .applied(let object, let result, let reason):
            var fields: JSONObject = ["object": .string(object), "result": .string(result)]
            if let reason { fields["reason"] = .string(reason) }
            journal.record(.objectApplied, resource: resource, fields)
        case .failed(let object, let error):
            var fields: JSONObject = ["object": .string(object.shortName), "message": .string(error.message)]
            if let location = object.location {
                fields["file"] = .string(location.file)
                if let line = location.line { fields["line"] = .int(line) }
            }
            if let hint = error.hint { fields["hint"] = .string(hint) }
            journal.record(.objectFailed, resource: resource, fields)
        case .pruned(let object):
            journal.record(.objectPruned, resource: resource, ["object": .string(object)])
        case .remark(let text):
            journal.record(.logWritten, resource: resource, ["text": .string(text)])
        }
    }
}
