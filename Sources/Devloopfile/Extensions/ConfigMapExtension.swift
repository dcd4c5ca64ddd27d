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

    def configmap_yaml(name, namespace="", from_file=None, watch=True, from_env_file=None):
        if not from_file and not from_env_file:
            fail('configmap "%s": give from_file or from_env_file' % name)
        data = {key: _file(path) for key, path in devloop.sources(from_file)}
        if from_env_file:
            data.update(devloop.env_file(from_env_file))
        return _object(name, namespace, data)

    def configmap_create(name, namespace="", from_file=None, watch=True, from_env_file=None):
        k8s_yaml(configmap_yaml(name, namespace, from_file, watch, from_env_file))

    def configmap_from_dict(name, namespace="", inputs={}):
        if type(inputs) != 'dict':
            fail('configmap_from_dict: inputs must be a dict, got %s' % type(inputs))
        return _object(name, namespace, {key: str(value) for key, value in inputs.items()})
    """#
