// SPDX-License-Identifier: Apache-2.0

/// `load('ext://local_output', 'local_output')`: what a command writes, as a string without the last line's end.
let localOutputExtension = #"""
    def local_output(*args, **kwargs):
        kwargs['quiet'] = kwargs.get('quiet', True)
        return str(local(*args, **kwargs)).rstrip('\r\n')
    """#
