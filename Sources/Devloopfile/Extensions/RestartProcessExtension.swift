// SPDX-License-Identifier: Apache-2.0

/// `load('ext://restart_process', 'docker_build_with_restart', 'custom_build_with_restart')`: devloop restarts a program
/// by itself, so that no second image and no helper in it are needed; `base_suffix` and `restart_file`, which speak of
/// those, mean nothing.
let restartProcessExtension = #"""
    def _steps(live_update, trigger):
        steps = list(live_update) if type(live_update) in ('list', 'tuple') else [live_update]
        for step in steps:
            if type(step) == 'restart_container':
                fail('the program is restarted anyway: take restart_container() out of live_update')
        if not steps:
            fail('live_update is empty, so that there is nothing to restart after: use docker_build or custom_build')
        return steps + [restart_container(trigger=trigger or [])]

    def docker_build_with_restart(
            ref, context, entrypoint, live_update, base_suffix='', restart_file='', trigger=None, exit_policy='restart',
            **kwargs):
        docker_build(ref, context, entrypoint=entrypoint, live_update=_steps(live_update, trigger),
            exit_policy=exit_policy, **kwargs)

    def custom_build_with_restart(
            ref, command, deps, entrypoint, live_update, base_suffix='', restart_file='', trigger=None,
            exit_policy='restart', **kwargs):
        custom_build(ref, command, deps, entrypoint=entrypoint, live_update=_steps(live_update, trigger),
            exit_policy=exit_policy, **kwargs)

    """#
