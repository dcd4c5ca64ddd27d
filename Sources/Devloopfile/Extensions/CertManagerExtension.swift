// SPDX-License-Identifier: Apache-2.0

/// `load('ext://cert_manager', 'deploy_cert_manager')`: applies cert-manager's own manifest while the spec is evaluated,
/// and waits until it works, since objects of its kinds cannot be applied before.
let certManagerExtension = #"""
    _site = 'https://github.com/cert-manager/cert-manager/releases/download/%s/cert-manager.yaml'

    def deploy_cert_manager(
            registry='quay.io/jetstack', version='v1.16.3', load_to_kind=False, kind_cluster_name='kind'):
        if config.tilt_subcommand not in ('up', 'ci', 'run'):
            return
        present = local(
            'kubectl get deployment cert-manager-webhook -n cert-manager -o name --ignore-not-found', quiet=True,
            echo_off=True)
        if not str(present).strip():
            local(['kubectl', 'apply', '-f', _site % version])
        for name in ['cert-manager', 'cert-manager-cainjector', 'cert-manager-webhook']:
            local([
                'kubectl', 'wait', '--for=condition=Available', '--timeout=300s', '-n', 'cert-manager',
                'deployment/' + name])
    """#
