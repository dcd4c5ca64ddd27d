// SPDX-License-Identifier: Apache-2.0

/// Why what is wanted of a resource does not run, until it is deployed again.
struct DeployFailure {
    /// What a person is told for as long as it lasts.
    var status: ResourceState.Status
    /// There is no image, which may be another matter with the next save. What the cluster refuses stays refused until the
    /// manifest changes, and meanwhile files go on being synced.
    var isOfImage: Bool
}
