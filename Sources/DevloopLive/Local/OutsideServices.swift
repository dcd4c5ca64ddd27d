// SPDX-License-Identifier: Apache-2.0

import LocalPods
import Plan

/// What programs of this machine use of a cluster behind them.
protocol OutsideServices: Sendable {
    /// The cluster's Services, each port with one of this machine that leads to it.
    func services() async -> [ServiceBook.Entry]
    /// A ConfigMap or Secret that the plan has not; nil when the cluster has none either.
    func configuration(_ kind: ConfigurationStore.Kind, _ name: String, in namespace: String) async -> ManifestObject?
    func close() async
}
