# SPDX-License-Identifier: Apache-2.0
# Certificates, kubeconfigs and the daemons' configuration files. Sourced by scripts/cluster.

# All of the pki appears at once, by a rename: one that was interrupted is made anew.
make_pki() {
    # The certificates name addresses, which depend on the index.
    [[ -f $state/pki/complete && $(<"$state/pki/complete") == "$index" ]] && return
    local new=$state/pki.new
    # What was started, signed or stored under another authority is of no use under a new one.
    end_all
    unmount_all
    forget_containers
    rm -rf "$state/etcd" "$state/kubelet"
    mkdir -p "$state/etcd" "$state/kubelet"
    rm -rf "$state/pki" "$new"
    mkdir -p "$new"
    chmod 700 "$new"
    (
        set -e
        cd "$new"
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 3650 -subj "/CN=$name-ca"
        certificate apiserver /CN=kube-apiserver \
            "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:$service_ip,IP:$node_ip"
        certificate admin /O=system:masters/CN=admin DNS:admin
        certificate kubelet "/O=system:nodes/CN=system:node:$name" "DNS:$name,IP:$node_ip"
        openssl genrsa -out sa.key 2048
        openssl rsa -in sa.key -pubout -out sa.pub
        kubeconfig admin >admin.conf
        kubeconfig kubelet >kubelet.conf
        echo "$index" >complete
    ) >"$state/log/pki.log" 2>&1 &
    # Waited for, rather than followed by "||", which would switch its -e off.
    wait $! || fail "openssl did not make the certificates: $(tail -n 1 "$state/log/pki.log")" "see $state/log/pki.log"
    mv "$new" "$state/pki"
}

# certificate NAME SUBJECT ALTERNATIVE-NAMES
certificate() {
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2"
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$3" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -out "$1.crt" -days 3650 -extfile "$1.ext"
    rm -f "$1.csr" "$1.ext"
}

# kubeconfig USER: the cluster and the context are called as the instance is.
kubeconfig() {
    cat <<X
apiVersion: v1
kind: Config
clusters:
- name: $name
  cluster: {server: "https://127.0.0.1:$api_port", certificate-authority-data: $(base64 -w0 ca.crt)}
users:
- name: $1
  user: {client-certificate-data: $(base64 -w0 "$1.crt"), client-key-data: $(base64 -w0 "$1.key")}
contexts:
- name: $name
  context: {cluster: $name, user: $1}
current-context: $name
X
}

write_configuration() {
    local new=$state/admin.conf.new
    install -m 600 "$state/pki/admin.conf" "$new"
    mv "$new" "$state/admin.conf"
    mkdir -p "$state/cni"
    # The node's own address is the bridge's: it needs no network card, survives a change of network, and is
    # reachable by Pods and by this machine alone. The same address is the Pods' gateway.
    cat >"$state/cni/10-bridge.conflist" <<X
{"cniVersion": "0.4.0", "name": "$name", "plugins": [
  {"type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$state/ipam",
            "ranges": [[{"subnet": "$pod_range"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
X
    local host
    for host in "127.0.0.1:$registry_port" "localhost:$registry_port"; do
        mkdir -p "$state/registries/$host"
        printf 'server = "http://127.0.0.1:%s"\n' "$registry_port" >"$state/registries/$host/hosts.toml"
    done
    # Without CAP_SYS_RESOURCE nobody may lower an OOM score, and runc dies while it tries.
    local restrict_oom=true capabilities
    capabilities=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
    if (((16#$capabilities >> 24) & 1)); then restrict_oom=false; fi
    # Network namespaces are mounted in our own folder, so that "down" can tell which are ours.
    cat >"$state/containerd.toml" <<X
version = 2
root = "$state/containerd/root"
state = "$state/containerd/state"
[grpc]
  address = "$socket"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "devloop.local/pause:1"
  restrict_oom_score_adj = $restrict_oom
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$state/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$snapshotter"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$state/registries"
X
    # The node's status is sent every 3 s instead of every 10, which is how long "up" would wait for the second one.
    # What the kubelet does with Pods is as everywhere: nothing that makes a save faster is set here. The eviction
    # limits are off: a full disk of a developer's machine must not evict their Pods. There is no cluster DNS;
    # Services are found by their environment variables.
    cat >"$state/kubelet.yaml" <<X
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $node_ip
port: $kubelet_port
healthzBindAddress: 127.0.0.1
healthzPort: $kubelet_health_port
authentication: {x509: {clientCAFile: "$state/pki/ca.crt"}, webhook: {enabled: false}, anonymous: {enabled: false}}
authorization: {mode: AlwaysAllow}
nodeStatusUpdateFrequency: 3s
cgroupDriver: cgroupfs
cgroupRoot: /$name
failSwapOn: false
tlsCertFile: "$state/pki/kubelet.crt"
tlsPrivateKeyFile: "$state/pki/kubelet.key"
evictionHard: {imagefs.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%"}
imageGCHighThresholdPercent: 100
resolvConf: ""
X
    cat >"$state/registry.yaml" <<X
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: "$state/registry"}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$registry_port"}
X
}
