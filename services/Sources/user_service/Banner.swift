// SPDX-License-Identifier: Apache-2.0

/// What GET `/` says behind the service's name. Edit it to see the inner loop at work.
let banner = "Delinkcious user service, ready"
