// SPDX-License-Identifier: Apache-2.0

/// What POST `/register` brings.
package struct RegisterRequest: Hashable, Sendable {
    package var username = ""
    package var email = ""

    package init() {}
}

/// What POST `/login` brings. The token that clients send with it means nothing, as in the original.
package struct LoginRequest: Hashable, Sendable {
    package var username = ""

    package init() {}
}

/// What POST `/logout` brings.
package struct LogoutRequest: Hashable, Sendable {
    package var username = ""
    package var session = ""

    package init() {}
}
