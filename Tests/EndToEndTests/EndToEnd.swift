// SPDX-License-Identifier: Apache-2.0

import Testing

/// The program as a user runs it, on the real cluster that `KUBECONFIG` names. One after another: they build Swift,
/// and the machine may have two cores.
@Suite(.serialized, .timeLimit(.minutes(28)))
enum EndToEnd {}
