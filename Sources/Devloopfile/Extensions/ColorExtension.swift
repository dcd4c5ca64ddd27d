// SPDX-License-Identifier: Apache-2.0

/// `load('ext://color', 'color')`: text in colours; plain with `NO_COLOR`, or in `ci` on a terminal that has none.
let colorExtension = #"""
    _codes = {
        'black': 30, 'red': 31, 'green': 32, 'yellow': 33, 'blue': 34, 'magenta': 35, 'cyan': 36, 'white': 37,
    }

    def _is_on():
        if 'NO_COLOR' in os.environ:
            return False
        if 'FORCE_COLOR' in os.environ:
            return True
        return not (config.tilt_subcommand == 'ci' and os.getenv('TERM', '') == 'dumb')

    _on = _is_on()

    def _painter(code):
        return lambda value: '\033[0;%dm%s\033[0m' % (code, value) if _on else value

    color = struct(**{name: _painter(code) for name, code in _codes.items()})
    """#
