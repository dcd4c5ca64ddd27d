// SPDX-License-Identifier: Apache-2.0

/// Names that Tilt's dialect has and this version does not, to say so instead of calling them misspelt.
enum TiltNames {
    static let absent: Set<String> = [
        "analytics_settings", "cmd_button", "custom_build_with_restart", "dc_resource",
        "disable_feature", "disable_snapshots", "docker_build", "docker_build_with_restart",
        "docker_compose", "docker_prune_settings", "enable_feature",
        "exec_action", "experimental_metrics_settings", "experimental_telemetry_cmd",
        "filter_yaml", "hasher", "helm", "http_get_action", "k8s_custom_deploy", "k8s_image_json_path", "k8s_kind",
        "kustomize", "load_dynamic", "local_git_repo", "module", "probe",
        "secret_settings", "set_team", "swift_package", "sync_resource", "sys", "tcp_socket_action",
        "test", "v1alpha1", "version_settings", "watch_settings", "workload_to_resource_function",
    ]

    /// What to use in the place of some of them.
    static let replacement: [String: String] = [
        "docker_build":
            "swift_image(ref, package) builds a Swift program; custom_build(ref, command, deps) runs any builder",
        "docker_build_with_restart": "swift_image(ref, package) restarts the program by itself",
        "custom_build_with_restart": "custom_build(..., live_update=[..., restart_container()]) restarts the program",
        "docker_compose": "describe the services with k8s_yaml",
        "dc_resource": "describe the services with k8s_yaml",
        "helm": "k8s_yaml(local('helm template ...')) renders a chart",
        "kustomize": "k8s_yaml(local('kubectl kustomize DIR')) renders an overlay",
        "test": "local_resource(name, cmd) is the same",
    ]
}
