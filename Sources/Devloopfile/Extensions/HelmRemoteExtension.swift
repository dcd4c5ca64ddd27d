// SPDX-License-Identifier: Apache-2.0

/// `load('ext://helm_remote', 'helm_remote')`: fetches a chart with Helm into a folder beside the spec, once a version,
/// and applies what it renders.
let helmRemoteExtension = #"""
    def helm_remote(
            chart, repo_url='', repo_name='', release_name='', values=[], set=[], namespace='', version='', username='',
            password='', allow_duplicates=False, create_namespace=True):
        folder = os.getenv('TILT_HELM_REMOTE_CACHE_DIR', '') or os.path.join(config.main_dir, '.helm')
        target = os.path.join(folder, repo_name or chart, version or 'latest')
        path = os.path.join(target, chart)
        if not os.path.exists(os.path.join(path, 'Chart.yaml')):
            pull = ['helm', 'pull']
            if repo_url.startswith('oci://'):
                pull += [repo_url.rstrip('/') + '/' + chart]
            elif repo_url:
                pull += [chart, '--repo', repo_url]
            else:
                pull += [(repo_name or chart) + '/' + chart]
            if version:
                pull += ['--version', version]
            if username:
                pull += ['--username', username]
            if password:
                pull += ['--password', password]
            local(pull + ['--untar', '--destination', target], quiet=True, echo_off=True)
        if create_namespace and namespace and namespace != 'default':
            k8s_yaml(
                encode_yaml({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': namespace}}),
                allow_duplicates=True)
        rendered = helm(path, name=release_name or chart, namespace=namespace, values=values, set=set)
        k8s_yaml(rendered, allow_duplicates=allow_duplicates)
    """#
