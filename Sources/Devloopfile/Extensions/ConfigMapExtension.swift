// SPDX-License-Identifier: Apache-2.0

/// `load('ext://configmap', 'configmap_create', 'configmap_from_dict', 'configmap_yaml')`: what `kubectl create
/// configmap` makes, without kubectl.
let configMapExtension = #"""
    def _object(name, namespace, data):
        metadata = {'name': name}
        if namespace:
            metadata['namespace'] = namespace
        o = {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': metadata}
        text = {}
        binary = {}
        for key, value in data.items():
            if type(value) == 'tuple':
                binary[key] = value[0]
            else:
                text[key] = value
        if text:
            o['data'] = text
        if binary:
            o['binaryData'] = binary
        return encode_yaml(o)

    def _file(path):
        # Bytes that are no text are carried in base64, marked by a tuple.
        if devloop.is_text_file(path):
            return str(read_file(path))
        return (devloop.base64_file(path),)

    def _files(data, source):
        key, found, path = source.partition('=')
        if not found:
            path = source
            key = os.path.basename(path)
        names = devloop.listfiles(path)
        if names == None:
            data[key] = _file(path)
        else:
            for name in names:
                data[name] = _file(os.path.join(path, name))

    def _env_file(data, path):
        for line in str(read_file(path)).splitlines():
            line = line.lstrip()
            if not line or line.startswith('#'):
                continue
            key, found, value = line.partition('=')
            data[key] = value if found else os.getenv(key, '')

    def configmap_yaml(name, namespace="", from_file=None, watch=True, from_env_file=None):
        if not from_file and not from_env_file:
            fail('configmap "%s": give from_file or from_env_file' % name)
        data = {}
        for source in [from_file] if type(from_file) == 'string' else from_file or []:
            _files(data, source)
        if from_env_file:
            _env_file(data, from_env_file)
        return _object(name, namespace, data)

    def configmap_create(name, namespace="", from_file=None, watch=True, from_env_file=None):
        k8s_yaml(configmap_yaml(name, namespace, from_file, watch, from_env_file))

    def configmap_from_dict(name, namespace="", inputs={}):
        if type(inputs) != 'dict':
            fail('configmap_from_dict: inputs must be a dict, got %s' % type(inputs))
        return _object(name, namespace, {key: str(value) for key, value in inputs.items()})
    """#
