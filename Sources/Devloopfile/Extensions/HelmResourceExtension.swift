// SPDX-License-Identifier: Apache-2.0

/// `load('ext://helm_resource', 'helm_resource', 'helm_repo')`: a release that Helm installs, as a resource. The images
/// that the spec builds are handed to the chart under the names of `image_keys`.
let helmResourceExtension = #"""
    def helm_resource(
            name, chart, release_name='', resource_deps=[], namespace='', image_deps=[], image_keys=[], flags=[],
            image_selector='', container_selector='', live_update=[], auto_init=True, pod_readiness='', port_forwards=[],
            labels=[], links=[], trigger_mode=None, deps=[], update_dependencies=False, extra_pod_selectors=[]):
        if len(image_deps) != len(image_keys):
            fail('helm_resource "%s": image_deps and image_keys must be of one length' % name)
        release = release_name or name
        apply = ['helm', 'upgrade', '--install', release, chart]
        delete = ['helm', 'uninstall', release]
        if update_dependencies:
            apply += ['--dependency-update']
        where = ['--namespace', namespace] if namespace else []
        apply += where + (['--create-namespace'] if namespace else []) + flags
        # What the images are called is known when they are made: devloop sets DEVLOOP_IMAGE_0 and so on.
        for i in range(len(image_keys)):
            key = image_keys[i]
            if type(key) == 'string':
                apply += ['--set', '%s=$DEVLOOP_IMAGE_%d' % (key, i)]
            elif len(key) == 2:
                apply += ['--set', '%s=$DEVLOOP_IMAGE_REPOSITORY_%d' % (key[0], i)]
                apply += ['--set', '%s=$DEVLOOP_IMAGE_TAG_%d' % (key[1], i)]
            else:
                apply += ['--set', '%s=$DEVLOOP_IMAGE_REGISTRY_%d' % (key[0], i)]
                apply += ['--set', '%s=$DEVLOOP_IMAGE_REPOSITORY_%d' % (key[1], i)]
                apply += ['--set', '%s=$DEVLOOP_IMAGE_TAG_%d' % (key[2], i)]
        words = [word if word.find('$DEVLOOP_IMAGE_') >= 0 else shlex.quote(word) for word in apply]
        show = ' '.join(['helm', 'get', 'manifest', shlex.quote(release)] + where)
        watched = list(deps)
        if os.path.exists(chart):
            watched.append(chart)
        k8s_custom_deploy(
            name, apply_cmd=' '.join(words) + ' >&2 && ' + show, delete_cmd=delete + where, deps=watched,
            image_selector=image_selector, container_selector=container_selector, live_update=live_update,
            image_deps=image_deps)
        k8s_resource(
            name, resource_deps=resource_deps, auto_init=auto_init, pod_readiness=pod_readiness,
            port_forwards=port_forwards, labels=labels, links=links, trigger_mode=trigger_mode,
            extra_pod_selectors=extra_pod_selectors)

    def helm_repo(name, url, resource_name=None, username=None, password=None, labels=[], resource_deps=[]):
        add = ['helm', 'repo', 'add', name, url, '--force-update']
        if username:
            add += ['--username', username]
        if password:
            add += ['--password', password]
        local_resource(resource_name or name, cmd=add, labels=labels, resource_deps=resource_deps, allow_parallel=True)
    """#
