// SPDX-License-Identifier: Apache-2.0

/// `load('ext://namespace', 'namespace_create', 'namespace_inject', 'namespace_yaml')`.
let namespaceExtension = #"""
    def _pairs(entries):
        # A dict, or a list of "key: value" lines.
        if type(entries) == 'dict':
            return entries
        pairs = {}
        for entry in entries:
            key, _, value = entry.partition(':')
            pairs[key.strip()] = value.strip().strip('"\'')
        return pairs

    def namespace_yaml(name, annotations=[], labels=[]):
        metadata = {'name': name}
        if annotations:
            metadata['annotations'] = _pairs(annotations)
        if labels:
            metadata['labels'] = _pairs(labels)
        return encode_yaml({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': metadata})

    def namespace_create(name, allow_duplicates=False, annotations=[], labels=[]):
        k8s_yaml(namespace_yaml(name, annotations=annotations, labels=labels), allow_duplicates=allow_duplicates)

    def namespace_inject(x, ns):
        if type(x) == 'string':
            objects = read_yaml_stream(x)
        elif type(x) == 'blob':
            objects = decode_yaml_stream(x)
        else:
            fail('namespace_inject takes a path or a blob, got %s' % type(x))
        for o in objects:
            if type(o) != 'dict' or type(o.get('metadata')) != 'dict':
                fail('namespace_inject: an object has no metadata: %s' % encode_yaml(o))
            o['metadata']['namespace'] = ns
            _inject(o, ns)
        return encode_yaml_stream(objects)

    def _inject(value, ns):
        if type(value) == 'list':
            for element in value:
                _inject(element, ns)
        elif type(value) == 'dict':
            for key, member in value.items():
                if key == 'template' and type(member) == 'dict' and type(member.get('metadata')) == 'dict':
                    member['metadata']['namespace'] = ns
                if key == 'subjects' and type(member) == 'list':
                    for subject in member:
                        if type(subject) == 'dict' and subject.get('kind') == 'ServiceAccount':
                            subject['namespace'] = ns
                _inject(member, ns)
    """#
