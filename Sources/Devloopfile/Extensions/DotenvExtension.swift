// SPDX-License-Identifier: Apache-2.0

/// `load('ext://dotenv', 'dotenv')`: variables out of a file of `NAME=value` lines, for the spec and its commands.
let dotenvExtension = #"""
    def dotenv(fn='', show_values=False, showValues=False):
        path = fn or '.env'
        for line in str(read_file(path)).splitlines():
            line = line.strip()
            if line.startswith('export '):
                line = line[len('export '):].lstrip()
            if not line or line.startswith('#'):
                continue
            name, found, value = line.partition('=')
            if not found:
                continue
            value = value.strip()
            if len(value) >= 2 and value[0] == value[-1] and value[0] in '"\'':
                value = value[1:-1]
            os.putenv(name.strip(), value)
            if show_values or showValues:
                print('%s=%s' % (name.strip(), value))
    """#
