// SPDX-License-Identifier: Apache-2.0

/// What GET `/links` asks for. Empty text means "not given", as it does on the wire.
package struct GetLinksRequest: Hashable, Sendable {
    /// Regular expressions, searched for anywhere in the field.
    package var urlRegex = ""
    package var titleRegex = ""
    package var descriptionRegex = ""
    package var username = ""
    package var tag = ""
    /// An instant or the token of the previous page.
    package var start = ""

    package init() {}
}

/// What POST `/links` brings.
package struct AddLinkRequest: Hashable, Sendable {
    package var url = ""
    package var title = ""
    package var description = ""
    package var username = ""
    package var tags: Set<ExactText> = []

    package init() {}
}

/// What PUT `/links` brings. Empty title and description leave what is stored.
package struct UpdateLinkRequest: Hashable, Sendable {
    package var url = ""
    package var title = ""
    package var description = ""
    package var username = ""
    package var addTags: Set<ExactText> = []
    package var removeTags: Set<ExactText> = []

    package init() {}
}

/// One page of links and, if another follows, the token that asks for it.
package struct LinkPage: Hashable, Sendable {
    package var links: [Link]
    package var nextToken: String?

    package init(links: [Link], nextToken: String?) {
        self.links = links
        self.nextToken = nextToken
    }
}
