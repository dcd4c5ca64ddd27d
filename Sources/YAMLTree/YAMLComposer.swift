// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Turns events into trees: follows aliases, applies merge keys, refuses duplicate keys.
struct YAMLComposer: ~Copyable {
    private var reader: YAMLEventReader
    /// Finished anchors of the current document.
    private var anchors: [String: YAMLNode] = [:]
    /// Anchors whose node is still being read; an alias to one of them would contain itself.
    private var open: Set<String> = []
    /// Nodes that aliases of this document stand for.
    private var aliased = 0

    /// The same bound as the JSON parser has; real manifests stay below 50.
    private static let maximumDepth = 512
    /// The number of expanded nodes from which Kubernetes' YAML library becomes suspicious as well.
    private static let maximumAliased = 400_000

    init(_ bytes: [UInt8], file: String) throws(DevloopError) {
        reader = try YAMLEventReader(bytes, file: file)
    }

    mutating func documents() throws(DevloopError) -> [YAMLDocument] {
        var documents: [YAMLDocument] = []
        while true {
            let event = try reader.next()
            switch event.kind {
            case .documentStart:
                anchors = [:]
                open = []
                aliased = 0
                let root = try node(try reader.next(), depth: 1)
                documents.append(YAMLDocument(root: root, line: root.location.line ?? 1))
            case .streamEnd: return documents
            default: continue
            }
        }
    }

    private mutating func node(_ event: YAMLEvent, depth: Int) throws(DevloopError) -> YAMLNode {
        guard depth <= Self.maximumDepth else {
            throw DevloopError(.yaml, "nested more than \(Self.maximumDepth) levels deep", at: event.location)
        }
        if case .alias(let name) = event.kind { return try alias(name, at: event.location, depth: depth) }
        if let anchor = event.anchor { open.insert(anchor) }
        var node = YAMLNode(
            content: .sequence([]), tag: event.tag, location: event.location, weight: 1, height: 1)
        switch event.kind {
        case .scalar(let scalar): node.content = .scalar(scalar)
        case .sequenceStart: try sequence(into: &node, depth: depth)
        case .mappingStart: try mapping(into: &node, depth: depth)
        default: throw DevloopError(.yaml, "a value is missing", at: event.location)
        }
        if let anchor = event.anchor {
            open.remove(anchor)
            anchors[anchor] = node
        }
        return node
    }

    private mutating func alias(
        _ name: String, at location: SourceLocation, depth: Int
    ) throws(DevloopError) -> YAMLNode {
        guard var node = anchors[name] else {
            let problem = open.contains(name) ? "anchor \"\(name)\" contains itself" : "unknown anchor \"\(name)\""
            throw DevloopError(.yaml, problem, at: location)
        }
        aliased += node.weight
        guard aliased <= Self.maximumAliased else {
            throw DevloopError(
                .yaml, "aliases expand to more than \(Self.maximumAliased) values", at: location,
                hint: "a document that grows like this is an attack or a mistake")
        }
        guard depth + node.height - 1 <= Self.maximumDepth else {
            throw DevloopError(.yaml, "nested more than \(Self.maximumDepth) levels deep", at: location)
        }
        node.location = location
        return node
    }

    private mutating func sequence(into node: inout YAMLNode, depth: Int) throws(DevloopError) {
        var elements: [YAMLNode] = []
        while true {
            let event = try reader.next()
            if case .sequenceEnd = event.kind { break }
            let element = try self.node(event, depth: depth + 1)
            node.weight += element.weight
            node.height = max(node.height, element.height + 1)
            elements.append(element)
        }
        node.content = .sequence(elements)
    }

    private mutating func mapping(into node: inout YAMLNode, depth: Int) throws(DevloopError) {
        var entries: [YAMLEntry] = []
        var places: [String: SourceLocation] = [:]
        var merges: [YAMLNode] = []
        while true {
            let event = try reader.next()
            if case .mappingEnd = event.kind { break }
            let key = try self.node(event, depth: depth + 1)
            let value = try self.node(try reader.next(), depth: depth + 1)
            node.weight += key.weight + value.weight
            node.height = max(node.height, key.height + 1, value.height + 1)
            if key.isMerge {
                merges.append(value)
                continue
            }
            let name = try key.jsonKey
            if let first = places.updateValue(key.location, forKey: name) {
                throw DevloopError(
                    .yaml, "duplicate key \"\(name)\"", at: key.location,
                    hint: "the first one is on line \(first.line ?? 0)")
            }
            entries.append(YAMLEntry(key: key, value: value))
        }
        for merge in merges { try self.merge(merge, into: &entries, names: &places) }
        node.content = .mapping(entries)
    }

    /// Adds the entries of a mapping, or of a list of mappings, whose keys are not there yet: explicit keys win over
    /// merged ones, earlier mappings over later ones.
    private func merge(
        _ value: YAMLNode, into entries: inout [YAMLEntry], names: inout [String: SourceLocation]
    ) throws(DevloopError) {
        let sources: [YAMLNode] = value.sequence ?? [value]
        for source in sources {
            guard let added = source.mapping else {
                throw DevloopError(.yaml, "\"<<\" needs a mapping or a list of mappings", at: source.location)
            }
            for entry in added {
                let name = try entry.key.jsonKey
                guard names[name] == nil else { continue }
                names[name] = entry.key.location
                entries.append(entry)
            }
        }
    }
}

extension YAMLNode {
    /// A plain `<<`, or one tagged as a merge key.
    fileprivate var isMerge: Bool {
        guard let scalar, scalar.text == "<<" else { return false }
        return tag == nil ? scalar.isPlain : tag == Self.tagPrefix + "merge"
    }
}
