// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Testing

@testable import LoopEngine

/// What Pods and their controllers say together of a resource.
@Suite(.timeLimit(.minutes(1)))
struct ResourceStateTests {
    private static func workload(
        _ name: String, _ verdict: WorkloadStatus.Verdict, generation: String? = "g1"
    ) -> WorkloadStatus {
        WorkloadStatus(
            kind: "Deployment", name: name, namespace: "shop", uid: name, generation: generation, verdict: verdict)
    }

    private static func custom(_ verdict: WorkloadStatus.Verdict, version: Int) -> WorkloadStatus {
        WorkloadStatus(
            kind: "Thing", name: "thing", namespace: "shop", uid: "thing", generation: nil, verdict: verdict,
            version: version)
    }

    private static func ended(_ name: String) -> PodStatus {
        var pod = PodStatus.ready(name, generation: "g1")
        pod.verdict = .succeeded
        return pod
    }

    private static let quota = PodStatus.Failure(
        code: "QuotaExceeded", message: "no Pod can be made", hint: "free some", mayHeal: true)
    private static let deadline = PodStatus.Failure(
        code: "ProgressDeadlineExceeded", message: "timed out", hint: "wait")

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var pods: [PodStatus] = []
        var workloads: [WorkloadStatus] = []
        var generations: Set<String> = ["g1"]
        var readiness = KubernetesResource.PodReadiness.wait
        var versions: [String: Int] = [:]
        var resource = "web"
        /// Word of the state and its reason.
        var says: String
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "nothing yet", says: "starting: no Pod yet"),
        Case(name: "no workload", generations: [], says: "ready: "),
        Case(name: "ready", pods: [.ready("a", generation: "g1")], says: "ready: "),
        Case(
            name: "one of three is there", pods: [.ready("a", generation: "g1")],
            workloads: [workload("web", .progressing("1 of 3 Pods are there"))],
            says: "starting: deployment/web: 1 of 3 Pods are there"),
        Case(
            name: "all are there", pods: [.ready("a", generation: "g1")], workloads: [workload("web", .ready)],
            says: "ready: "),
        Case(
            name: "what was said before this apply is old", pods: [.ready("a", generation: "g1")],
            workloads: [workload("web", .failing(deadline), generation: "g0")], says: "ready: "),
        Case(
            name: "refused", workloads: [workload("web", .failing(quota))],
            says: "failed: deployment/web: no Pod can be made"),
        Case(
            name: "the Pod says more", pods: [.crashing("a", generation: "g1")],
            workloads: [workload("web", .failing(deadline))], says: "crashing: a: main ended with exit code 2"),
        Case(
            name: "one of two workloads", pods: [.ready("a", generation: "g1")], generations: ["g1", "g2"],
            says: "starting: 1 of its workloads have no Pod yet"),
        Case(
            name: "both", pods: [.ready("a", generation: "g1"), .ready("b", generation: "g2")],
            generations: ["g1", "g2"], says: "ready: "),
        Case(
            name: "Pods that are replaced by hand", workloads: [workload("web", .progressing("0 of 1 Pods are there"))],
            generations: [], says: "starting: deployment/web: 0 of 1 Pods are there"),
        Case(
            name: "a Job whose Pods are gone", workloads: [workload("job", .complete)], readiness: .succeeded,
            says: "ready: "),
        Case(
            name: "a Job at work", workloads: [workload("job", .progressing("0 of 1 Pods have succeeded"))],
            readiness: .succeeded, says: "starting: no Pod yet"),
        Case(
            name: "a Job of several Pods, the first of which has ended", pods: [ended("a")],
            workloads: [workload("job", .progressing("1 of 2 Pods have succeeded"))], readiness: .succeeded,
            says: "starting: deployment/job: 1 of 2 Pods have succeeded"),
        Case(
            name: "a Job that nobody tells of, whose Pod has ended", pods: [ended("a")], readiness: .succeeded,
            says: "ready: "),
        Case(
            name: "a Job that rests", generations: [], readiness: .succeeded, says: "ready: "),
        Case(
            name: "a custom resource that nobody has told of", generations: [], versions: ["thing": 2],
            says: "starting: 1 of its custom resources are not told of yet"),
        Case(
            name: "a custom resource as it was before", workloads: [custom(.ready, version: 1)], generations: [],
            versions: ["thing": 2], says: "starting: 1 of its custom resources are not told of yet"),
        Case(
            name: "a custom resource at work", workloads: [custom(.progressing("Ready is False"), version: 2)],
            generations: [], versions: ["thing": 2], says: "starting: thing/thing: Ready is False"),
        Case(
            name: "a custom resource that is ready", workloads: [custom(.ready, version: 3)], generations: [],
            versions: ["thing": 2], says: "ready: "),
        Case(
            name: "a Job, and a custom resource at work", pods: [],
            workloads: [workload("job", .complete), custom(.progressing("Ready is False"), version: 2)],
            generations: [], readiness: .succeeded, versions: ["thing": 2],
            says: "starting: thing/thing: Ready is False"),
        Case(
            name: "a custom resource that others need", workloads: [custom(.progressing("Ready is False"), version: 2)],
            generations: [], readiness: .ignore, versions: ["thing": 2], resource: "uncategorized", says: "ready: "),
        Case(
            name: "a custom resource that others need and that has failed",
            workloads: [custom(.failing(deadline), version: 2)], generations: [], readiness: .ignore,
            versions: ["thing": 2], resource: "uncategorized", says: "failed: thing/thing: timed out"),
        Case(
            name: "nobody waits for it", pods: [.crashing("a", generation: "g1")], readiness: .ignore, says: "ready: "),
    ]

    @Test(arguments: cases) func tellsOneState(_ item: Case) {
        var kubernetes = KubernetesResource(objects: [Samples.object("Deployment", "web", image: "nginx")])
        kubernetes.podReadiness = item.readiness
        var state = ResourceState(Resource(name: item.resource, kind: .k8s(kubernetes)))
        state.generations = item.generations
        state.versions = item.versions
        state.pods = item.pods
        state.workloads = item.workloads
        #expect("\(state.podStatus.word): \(state.podStatus.reason ?? "")" == item.says)
    }

    @Test func hardFailuresAreThoseThatWaitingDoesNotMend() {
        var state = ResourceState(Samples.service("web", image: "nginx"))
        state.generations = ["g1"]
        state.workloads = [Self.workload("web", .failing(Self.quota))]
        #expect(state.hardFailure == nil)
        state.workloads = [Self.workload("web", .failing(Self.deadline))]
        #expect(state.hardFailure?.code == "ProgressDeadlineExceeded")
    }

    @Test func podsOfBeforeHaveToGo() {
        var state = ResourceState(Samples.service("web", image: "nginx"))
        state.generations = ["g1", "g2"]
        state.pods = [.ready("a", generation: "g1"), .ready("b", generation: "g0"), .ready("c", generation: nil)]
        #expect(state.oldPods.map(\.name) == ["b"])
        #expect(state.currentPods.map(\.name) == ["a", "c"])
    }
}
