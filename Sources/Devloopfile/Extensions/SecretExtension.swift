// SPDX-License-Identifier: Apache-2.0

/// `load('ext://secret', ...)`: what `kubectl create secret` makes, without kubectl, so that no value is an argument that
/// other users of the machine can read.
let secretExtension = #"""
    def _object(name, namespace, data, kind='Opaque'):
        metadata = {'name': name}
        if namespace:
            metadata['namespace'] = namespace
        return encode_yaml({'apiVersion': 'v1', 'kind': 'Secret', 'metadata': metadata, 'type': kind, 'data': data})

    def secret_yaml_generic(name, namespace="", from_file=None, secret_type=None, from_env_file=None):
        if not from_file and not from_env_file:
            fail('secret "%s": give from_file or from_env_file' % name)
        data = {key: devloop.base64_file(path) for key, path in devloop.sources(from_file)}
        if from_env_file:
            for key, value in devloop.env_file(from_env_file).items():
                data[key] = devloop.base64(value)
        return _object(name, namespace, data, secret_type or 'Opaque')

    def secret_create_generic(name, namespace="", from_file=None, secret_type=None, from_env_file=None):
        k8s_yaml(secret_yaml_generic(name, namespace, from_file, secret_type, from_env_file))

    def secret_from_dict(name, namespace="", inputs={}):
        if type(inputs) != 'dict':
            fail('secret_from_dict: inputs must be a dict, got %s' % type(inputs))
        return _object(name, namespace, {key: devloop.base64(str(value)) for key, value in inputs.items()})

    def secret_yaml_tls(name, cert, key, namespace=""):
        data = {'tls.crt': devloop.base64_file(cert), 'tls.key': devloop.base64_file(key)}
        return _object(name, namespace, data, 'kubernetes.io/tls')

    def secret_create_tls(name, cert, key, namespace=""):
        k8s_yaml(secret_yaml_tls(name, cert, key, namespace))

    def _registry(name, namespace, server, username, password, email=''):
        entry = {'username': username, 'password': password}
        if email:
            entry['email'] = email
        entry['auth'] = devloop.base64('%s:%s' % (username, password))
        auths = {'auths': {server or 'https://index.docker.io/v1/': entry}}
        data = {'.dockerconfigjson': devloop.base64(json.encode(auths))}
        return _object(name, namespace, data, 'kubernetes.io/dockerconfigjson')

    def secret_yaml_registry(name, namespace="", flags_dict={}):
        if type(flags_dict) != 'dict':
            fail('secret_yaml_registry: flags_dict must be a dict, got %s' % type(flags_dict))
        flags = dict(flags_dict)
        server = flags.pop('docker-server', '')
        username = flags.pop('docker-username', '')
        password = flags.pop('docker-password', '')
        email = flags.pop('docker-email', '')
        if flags:
            fail('secret_yaml_registry: there is no flag "%s"' % list(flags.keys())[0])
        return _registry(name, namespace, server, username, password, email)

    def secret_yaml_docker_registry(name, username, password, server="", namespace=""):
        return _registry(name, namespace, server, username, password)

    def secret_create_docker_registry(name, username, password, server="", namespace=""):
        k8s_yaml(_registry(name, namespace, server, username, password))
    """#
