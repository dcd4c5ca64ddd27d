// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

extension AddLinkRequest {
    /// Reads the body of POST `/links`.
    package init(body: [UInt8]) throws(DomainError) {
        self.init()
        let fields = try FieldReader(JSONParser.firstValue(in: body))
        try fields.read("Url", into: &url)
        try fields.read("Title", into: &title)
        try fields.read("Description", into: &description)
        try fields.read("Username", into: &username)
        try fields.read("Tags", into: &tags)
    }
}

extension UpdateLinkRequest {
    /// Reads the body of PUT `/links`.
    package init(body: [UInt8]) throws(DomainError) {
        self.init()
        let fields = try FieldReader(JSONParser.firstValue(in: body))
        try fields.read("Url", into: &url)
        try fields.read("Title", into: &title)
        try fields.read("Description", into: &description)
        try fields.read("Username", into: &username)
        try fields.read("AddTags", into: &addTags)
        try fields.read("RemoveTags", into: &removeTags)
    }
}

extension FollowRequest {
    /// Reads the body of POST `/follow` and POST `/unfollow`.
    package init(body: [UInt8]) throws(DomainError) {
        self.init()
        let fields = try FieldReader(JSONParser.firstValue(in: body))
        try fields.read("followed", into: &followed)
        try fields.read("follower", into: &follower)
    }
}

extension RegisterRequest {
    /// Reads the body of POST `/register`.
    package init(body: [UInt8]) throws(DomainError) {
        self.init()
        let fields = try FieldReader(JSONParser.firstValue(in: body))
        try fields.read("username", into: &username)
        try fields.read("email", into: &email)
    }
}

extension LoginRequest {
    /// Reads the body of POST `/login`. The token has to be text, and is dropped.
    package init(body: [UInt8]) throws(DomainError) {
        self.init()
        let fields = try FieldReader(JSONParser.firstValue(in: body))
        try fields.read("username", into: &username)
        var token = ""
        try fields.read("authToken", into: &token)
    }
}

extension LogoutRequest {
    /// Reads the body of POST `/logout`.
    package init(body: [UInt8]) throws(DomainError) {
        self.init()
        let fields = try FieldReader(JSONParser.firstValue(in: body))
        try fields.read("username", into: &username)
        try fields.read("session", into: &session)
    }
}

extension GetLinksRequest {
    /// Reads the query of GET `/links`.
    package init(query: Query) {
        self.init()
        urlRegex = query["url"]
        titleRegex = query["title"]
        descriptionRegex = query["description"]
        username = query["username"]
        tag = query["tag"]
        start = query["start"]
    }

    /// The request as the log shows it.
    package var json: JSON {
        [
            "UrlRegex": .string(urlRegex), "TitleRegex": .string(titleRegex),
            "DescriptionRegex": .string(descriptionRegex), "Username": .string(username), "Tag": .string(tag),
            "StartToken": .string(start),
        ]
    }
}
