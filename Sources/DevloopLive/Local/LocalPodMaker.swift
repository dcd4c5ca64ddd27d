// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Glibc
import Hashing
import LocalPods
import LoopEngine
import Plan
import ProcessRunner

/// Plans a Pod: what each container runs, with which variables, files and ports.
struct LocalPodMaker {
    var network: LocalNetwork
    var store: ConfigurationStore
    var services: ServiceBook
    /// Programs that were built, by ref of the image.
    var programs: [String: (artifact: Artifact, product: String)]
    /// Absolute folder for what the Pods have on disk.
    var state: String
    /// The program that writes backtraces; nil when there is none.
    var backtracer: String?

    /// Variables of this session that programs need to find other programs, and to speak the user's language. Nothing else
    /// of the user's environment reaches them: in a Pod it would not be there either.
    private static let inherited = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR"]

    static func anyPod(of workload: LocalWorkload, name: String = "", uid: String = "") -> ContainerVariables.Pod {
        ContainerVariables.Pod(
            name: name, namespace: workload.namespace, uid: uid, labels: workload.labels,
            annotations: workload.annotations,
            serviceAccount: workload.spec["serviceAccountName"]?.string ?? "default", node: hostName)
    }

    static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Command and arguments of a manifest.
    static func words(_ container: JSONValue) -> [String] {
        ["command", "args"].flatMap { container[$0]?.array?.compactMap(\.string) ?? [] }
    }

    /// - Parameters:
    ///   - work: what is applied.
    ///   - number: counts the Pods of the workload.
    func plan(_ workload: LocalWorkload, _ work: ApplyWork, number: Int, uid: String) -> LocalPodPlan {
        let identity = Self.anyPod(of: workload, name: "\(workload.name)-\(number)", uid: uid)
        let volumes = VolumePlan(workload.spec, store: store, pod: identity)
        var plan = LocalPodPlan(
            resource: work.resource.name, workload: workload, identity: identity, generation: "", containers: [],
            volumes: volumes, folder: "\(state)/\(identity.name)", address: work.resource.kubernetes?.localAddress)
        plan.generation = Self.generation(of: workload, work, programs)
        guard plan.address == nil else { return plan }
        if workload.replicas > 1 {
            plan.remarks.append("\(workload.name) asks for \(workload.replicas) Pods; one runs here")
        }
        for (container, isInit) in workload.initContainers.map({ ($0, true) })
            + workload.containers.map({ ($0, false) })
        {
            plan.containers.append(make(container, isInit: isInit, of: workload, work, &plan))
        }
        if case .claims(let names) = volumes.problem {
            plan.advice["VolumeNotBound"] = (
                "the volume claim \(names.joined(separator: ", ")) is not there: local mode keeps no volumes",
                Self.advice(work.resource.name, workload)
            )
        }
        return plan
    }

    private func make(
        _ container: JSONValue, isInit: Bool, of workload: LocalWorkload, _ work: ApplyWork,
        _ plan: inout LocalPodPlan
    ) -> LocalPodPlan.Container {
        let name = container["name"]?.string ?? ""
        let text = container["image"]?.string ?? ""
        let image = work.images.first { ImageName.matches(text, ref: $0.ref) }
        let program = image.flatMap { programs[$0.ref] }
        let root = "\(plan.folder)/\(name)"
        let map = paths(container, image, root: root, plan.volumes)
        let moved = moves(workload)

        var base = Self.inherited.reduce(into: [String: String]()) { $0[$1] = ProcessEnvironment.value($1) }
        base["HOSTNAME"] = plan.identity.name
        if let backtracer { base["SWIFT_BACKTRACE"] = Self.backtraces + backtracer }
        base.merge(image?.swift?.environment ?? [:]) { $1 }
        if workload.wantsServiceLinks { base.merge(services.variables(namespace: workload.namespace)) { $1 } }
        let variables = ContainerVariables(container, base: base, store: store, pod: plan.identity) {
            Self.resource($0, of: workload, container)
        }
        let names = Set(variables.own.keys)
        var environment = variables.all
        for (key, value) in variables.all where names.contains(key) || image?.swift?.environment[key] != nil {
            let translated = services.translated(
                PortWords.translated(value, variable: key, moved), variable: key, namespace: workload.namespace)
            environment[key] = map.translated(translated)
        }
        let words = command(container, image, program?.product).map { word in
            let expanded = ContainerVariables.expanded(word, variables.all)
            let translated = PortWords.translated(argument: expanded, moved)
            return map.translated(
                services.translated(translated, variable: "", namespace: workload.namespace))
        }
        let directory = container["workingDir"]?.string ?? image?.swift?.directory ?? ""
        var made = LocalPodPlan.Container(
            name: name, image: text, isInit: isInit, arguments: words,
            directory: root + PathMap.normal(directory), environment: environment,
            checks: ContainerChecks(
                container, port: { moved[$0] ?? $0 }, words: { $0.map(map.translated) }),
            root: root, artifact: program?.artifact, product: program?.product ?? "",
            isLive: image.map { work.live[$0.ref] != nil } ?? false, files: image?.swift?.resources ?? [])
        if program == nil {
            made.problem = ("ErrImageNeverPull", "")
            let reason =
                image == nil ? "nothing in the Devloopfile builds" : "only programs of swift_image run here, not"
            plan.advice[(isInit ? "Init:" : "") + "ErrImageNeverPull"] = (
                "\(name) cannot run on this machine: \(reason) \(text)", Self.advice(work.resource.name, workload)
            )
        } else if let problem = variables.problem {
            made.problem = ("CreateContainerConfigError", problem)
        }
        remark(container, variables, words, workload, moved, &plan)
        return made
    }

    /// What to do about a workload that cannot run here.
    private static func advice(_ resource: String, _ workload: LocalWorkload) -> String {
        let port = workload.ports.first?.number ?? 5432
        return "start it on this machine, by local_resource or by hand, and say where it is:"
            + " k8s_resource('\(resource)', local_address='localhost:\(port)')"
    }

    private static let backtraces =
        "enable=yes,symbolicate=fast,interactive=no,color=no,threads=crashed,registers=none,images=none,swift-backtrace="

    /// Program and arguments, before anything in them is replaced.
    private func command(_ container: JSONValue, _ image: Image?, _ product: String?) -> [String] {
        let entry = product.map { ["\(LocalRoot.programs)/\($0)"] }
        if let words = image?.entrypoint { return words + (image?.containerArguments ?? []) }
        var container = container
        if let words = image?.containerArguments { container["args"] = .array(words.map(JSONValue.string)) }
        return ContainerCommand.words(container, entrypoint: entry, arguments: image?.swift?.arguments ?? []) ?? []
    }

    /// Ports of the workload that are others here.
    private func moves(_ workload: LocalWorkload) -> [Int: Int] {
        let ports = network.ports
        return workload.ports.reduce(into: [:]) { $0[$1.number] = ports[LocalNetwork.key(workload), $1.number] }
    }

    private func paths(_ container: JSONValue, _ image: Image?, root: String, _ volumes: VolumePlan) -> PathMap {
        var map = PathMap(root: root)
        map.add(LocalRoot.programFolder)
        map.add(LocalRoot.programs, at: root + LocalRoot.programFolder)
        for mapping in image?.swift?.resources ?? [] { map.add(mapping.destination) }
        for step in image?.liveUpdate ?? [] {
            if case .sync(let mapping) = step, mapping.policy.isSynced { map.add(mapping.destination) }
        }
        for mount in container["volumeMounts"]?.array ?? [] {
            guard let path = mount["mountPath"]?.string else { continue }
            if case .host(let place) = volumes.contents[mount["name"]?.string ?? ""] {
                map.add(path, at: place)
            } else {
                map.add(path)
            }
        }
        return map
    }

    private func remark(
        _ container: JSONValue, _ variables: ContainerVariables, _ words: [String], _ workload: LocalWorkload,
        _ moved: [Int: Int], _ plan: inout LocalPodPlan
    ) {
        let name = container["name"]?.string ?? ""
        let texts = Array(variables.own.values) + Self.words(container)
        for mount in container["volumeMounts"]?.array ?? [] {
            guard let path = mount["mountPath"]?.string, let volume = mount["name"]?.string,
                case .files? = plan.volumes.contents[volume], !texts.contains(where: { PathMap.mentions($0, path) })
            else { continue }
            plan.remarks.append(
                "the files of volume \(volume) are in \(plan.folder)/\(name)\(path), not in \(path): \(name) finds them if"
                    + " a variable or an argument names \(path)")
        }
        for (port, local) in moved.sorted(by: { $0.key < $1.key }) where port != local {
            plan.remarks.append("port \(port) of \(name) is \(local) here, since \(port) is taken")
        }
    }

    /// https://kubernetes.io/docs/concepts/workloads/pods/downward-api/#downwardapi-resourceFieldRef; without a limit
    /// it is what the machine has.
    private static func resource(_ reference: JSONValue, of workload: LocalWorkload, _ container: JSONValue) -> String?
    {
        let parts = (reference["resource"]?.string ?? "").split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, ["limits", "requests"].contains(parts[0]) else { return nil }
        let other = (workload.initContainers + workload.containers).first {
            $0["name"]?.string == reference["containerName"]?.string
        }
        let given = (other ?? container).at("resources", parts[0], parts[1])
        let value = given?.string.flatMap(Quantity.init)?.value ?? given?.double ?? machine(parts[1])
        let divisor = reference["divisor"]?.string.flatMap(Quantity.init)?.value ?? reference["divisor"]?.double ?? 1
        guard let value, divisor > 0 else { return nil }
        return String(Int((value / divisor).rounded(.up)))
    }

    private static func machine(_ resource: String) -> Double? {
        switch resource {
        case "cpu": Double(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        case "memory": Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
        default: nil
        }
    }

    /// What, when it changes, makes another Pod.
    static func generation(
        of workload: LocalWorkload, _ work: ApplyWork, _ programs: [String: (artifact: Artifact, product: String)]
    ) -> String {
        var parts = [workload.template.jsonText, work.resource.kubernetes?.localAddress?.text ?? ""]
        for image in work.images where work.live[image.ref] == nil {
            parts.append(programs[image.ref]?.artifact.digest ?? "")
        }
        for image in work.images { parts.append("\(image.definition)") }
        for object in work.configuration { parts.append(object.json.jsonText) }
        return SHA256.digest(of: Array(parts.joined(separator: "\n").utf8)).short
    }
}
