// SPDX-License-Identifier: Apache-2.0

import KubeClient
import Testing

@Suite struct ContextKindTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var context: String
        var cluster = ""
        var server = "https://127.0.0.1:6443"
        var authority: String?
        var providers: [String] = []
        var labels: Set<String> = []
        var want: ContextKind?
        var testDescription: String { "\(context) \(cluster) \(server)" }

        static let all: [Case] = [
            // Minikube by evidence, never by name alone; evidence holds for any address.
            Case(context: "minikube", cluster: "minikube", want: nil),
            Case(context: "shop", providers: ["minikube.sigs.k8s.io"], want: .minikube),
            Case(context: "minikube", authority: "/home/me/.minikube/ca.crt", want: .minikube),
            Case(context: "minikube", authority: "/home/me/my.minikube/ca.crt", want: nil),
            Case(context: "minikube", labels: ["minikube.k8s.io/name"], want: .minikube),
            Case(
                context: "far", server: "https://203.0.113.5:8443", providers: ["minikube.sigs.k8s.io"], want: .minikube
            ),
            // The others by the name of their tool and a local address.
            Case(context: "kind-dev", want: .kind),
            Case(context: "me", cluster: "kind-dev", want: .kind),
            Case(context: "kind", want: nil),
            Case(context: "kindly", want: nil),
            Case(context: "kind-prod", server: "https://203.0.113.5:6443", want: nil),
            Case(context: "kind-prod", server: "https://k8s.example.org", want: nil),
            Case(context: "kind-dev", server: "https://192.168.1.10:6443", want: .kind),
            Case(context: "kind-dev", server: "https://172.18.0.2:6443", want: .kind),
            Case(context: "kind-dev", server: "https://172.32.0.2:6443", want: nil),
            Case(context: "kind-dev", server: "https://kind-control-plane:6443", want: .kind),
            Case(context: "kind-dev", server: "https://[::1]:6443", want: .kind),
            Case(context: "kind-dev", server: "https://[fd00::5]:6443", want: .kind),
            Case(context: "kind-dev", server: "https://[2001:db8::5]:6443", want: nil),
            // A number is an address in disguise.
            Case(context: "kind-dev", server: "https://3405803781:6443", want: nil),
            Case(context: "kind-dev", server: "https://127.0.0.1.example.org", want: nil),
            Case(context: "k3d-a", server: "https://0.0.0.0:41234", want: .k3d),
            Case(context: "docker-desktop", server: "https://kubernetes.docker.internal:6443", want: .dockerDesktop),
            Case(context: "docker-for-desktop", cluster: "docker-for-desktop-cluster", want: .dockerDesktop),
            Case(context: "rancher-desktop", want: .rancherDesktop),
            Case(context: "colima", want: .colima),
            Case(context: "colima-arm", want: .colima),
            Case(context: "orbstack", server: "https://k8s.orb.local", want: .orbstack),
            Case(context: "microk8s", cluster: "microk8s-cluster", want: .microk8s),
            Case(context: "crc-admin", server: "https://api.crc.testing:6443", want: .crc),
            Case(context: "shop/api-crc-testing:6443/kubeadmin", server: "https://api.crc.testing:6443", want: .crc),
            Case(context: "devloop-local", want: .devloopLocal),
            Case(context: "devloop-local", server: "https://devloop.example.org", want: nil),
            Case(context: "production", want: nil),
            Case(context: "", server: "", want: nil),
        ]
    }

    @Test(arguments: Case.all) func classifies(_ test: Case) {
        let (kind, reason) = ContextKind.classify(
            context: test.context, cluster: test.cluster, server: test.server, certificateAuthorityPath: test.authority,
            providers: test.providers, nodeLabels: test.labels)
        #expect(kind == test.want)
        #expect(!reason.isEmpty)
    }
}
