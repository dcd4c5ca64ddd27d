// SPDX-License-Identifier: Apache-2.0

/// `load('ext://uibutton', 'cmd_button', ...)`: a button is a key in the dashboard. A press cannot ask, so that the
/// inputs of a button give their default values to the command's environment.
let uiButtonExtension = #"""
    location = struct(RESOURCE='resource', NAV='nav')

    def cmd_button(
            name, resource='', argv=[], text=None, location='resource', icon_name=None, icon_svg=None, inputs=[], dir='',
            env=[], requires_confirmation=False):
        if location == 'resource' and not resource:
            fail('cmd_button "%s": give the name of a resource, or location=location.NAV' % name)
        if location == 'nav':
            resource = ''
        variables = {}
        for entry in env:
            key, _, value = entry.partition('=')
            variables[key] = value
        for input in inputs:
            variables[input['name']] = input['value']
        devloop.button(name, resource, text or name, argv, env=variables, dir=dir or config.main_dir)

    def text_input(name, label='', default='', placeholder=''):
        return {'name': name, 'value': default}

    def hidden_input(name, value):
        return {'name': name, 'value': value}

    def bool_input(name, label='', default=False, true_string=None, false_string=None):
        true = 'true' if true_string == None else true_string
        false = 'false' if false_string == None else false_string
        return {'name': name, 'value': true if default else false}

    def choice_input(name, label='', choices=[]):
        return {'name': name, 'value': choices[0] if choices else ''}
    """#
