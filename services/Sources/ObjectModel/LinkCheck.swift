// SPDX-License-Identifier: Apache-2.0

/// What the checker found out about a link, as it goes over the bus.
package struct LinkCheck: Hashable, Sendable {
    package var username: String
    package var url: String
    package var status: LinkStatus

    package init(username: String, url: String, status: LinkStatus) {
        self.username = username
        self.url = url
        self.status = status
    }
}
