// SPDX-License-Identifier: Apache-2.0

/// What `GET /` answers.
let banner = "as it was written"
