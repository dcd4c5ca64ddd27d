# SPDX-License-Identifier: Apache-2.0
# "up", step by step. Sourced by scripts/cluster.

# What the last run left, if nothing of it is alive: stale mounts, sockets, addresses. After a reboot the objects go
# too: etcd runs without fsync, and a container's record without its container helps nobody.
clear_remains() {
    if [[ -s $state/boot && $(<"$state/boot") != "$boot" ]]; then
        unmount_all
        rm -rf "$state"/{etcd,kubelet,containerd,ipam,rules,settings}
    elif [[ ! -e $state/boot && -n $(members) ]]; then
        # Our folder was removed under a running cluster.
        end_members
        unmount_all
        touch "$state/rules"
    elif ! running containerd && [[ -z $(members) ]]; then
        unmount_all
        forget_containers
    fi
    echo "$boot" >"$state/boot"
}

forget_containers() {
    local file
    # Shims listen in a folder that every containerd shares; each one's address is in its bundle.
    for file in "$state"/containerd/state/io.containerd.runtime.v2.task/k8s.io/*/address; do
        if [[ -f $file ]]; then rm -f "$(sed 's#^unix://##' "$file")"; fi
    done
    rm -rf "$state/containerd/state" "$state/ipam"
}

up() {
    preflight
    take_lock
    if is_up; then
        say "cluster $name is ready"
        return
    fi
    claim_network
    build
    local begun=$SECONDS program=$bin
    mkdir -p "$state"/{etcd,kubelet,containerd,registry}
    clear_remains
    make_pki
    choose_snapshotter
    claim_rules
    need_ports
    save_settings
    make_groups
    make_bridge
    write_configuration

    start etcd etcd --data-dir "$state/etcd" --unsafe-no-fsync --logger zap \
        --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
        --listen-peer-urls "http://127.0.0.1:$etcd_peer_port" \
        --initial-advertise-peer-urls "http://127.0.0.1:$etcd_peer_port" \
        --initial-cluster "default=http://127.0.0.1:$etcd_peer_port"
    start containerd containerd --config "$state/containerd.toml"
    start registry docker-registry serve "$state/registry.yaml"
    await 30 etcd "etcd" etcd_answers

    local pki=$state/pki
    start apiserver "$program/kube-apiserver" --etcd-servers="http://127.0.0.1:$etcd_port" \
        --bind-address=127.0.0.1 --secure-port="$api_port" --advertise-address="$node_ip" \
        --service-cluster-ip-range="$service_range" --allow-privileged=true --profiling=false \
        --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
        --client-ca-file="$pki/ca.crt" --service-account-key-file="$pki/sa.pub" \
        --service-account-signing-key-file="$pki/sa.key" --service-account-issuer=https://kubernetes.default.svc \
        --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
        --kubelet-client-certificate="$pki/admin.crt" --kubelet-client-key="$pki/admin.key" \
        --kubelet-certificate-authority="$pki/ca.crt" --kubelet-preferred-address-types=InternalIP
    # Pods reach the API server through the node's address, where it does not listen itself.
    start gateway socat "TCP-LISTEN:$api_port,bind=$node_ip,fork,reuseaddr" "TCP:127.0.0.1:$api_port"
    await 60 containerd "containerd" containerd_answers
    make_image devloop.local/pause:1 '["/bin/busybox", "sleep", "2147483647"]'
    make_image devloop.local/busybox:1 '["/bin/sh"]'
    await 90 apiserver "the API server" api_answers

    start controller-manager "$program/kube-controller-manager" --kubeconfig="$state/admin.conf" \
        --bind-address=127.0.0.1 --port=0 --secure-port="$manager_port" --leader-elect=false \
        --service-account-private-key-file="$pki/sa.key" --root-ca-file="$pki/ca.crt" \
        --use-service-account-credentials=true --allocate-node-cidrs=true --cluster-cidr="$pod_range"
    start scheduler "$program/kube-scheduler" --kubeconfig="$state/admin.conf" --leader-elect=false \
        --bind-address=127.0.0.1 --port=0 --secure-port="$scheduler_port"
    start kubelet "$program/kubelet" --kubeconfig="$pki/kubelet.conf" --config="$state/kubelet.yaml" \
        --container-runtime=remote --container-runtime-endpoint="unix://$socket" --hostname-override="$name" \
        --node-ip="$node_ip" --root-dir="$state/kubelet" --cert-dir="$state/kubelet/pki" --v=1
    start kube-proxy "$program/kube-proxy" --kubeconfig="$state/admin.conf" --hostname-override="$name" \
        --proxy-mode=iptables --cluster-cidr="$pod_range" --masquerade-all="$(proxy_masquerade)" \
        --metrics-bind-address="127.0.0.1:$proxy_metrics_port" --healthz-bind-address="127.0.0.1:$proxy_health_port" \
        --nodeport-addresses="127.0.0.0/8,$pod_range" --conntrack-max-per-core=0
    await 30 registry "the registry" registry_answers
    await 60 kubelet "the kubelet" kubelet_answers
    await 90 kubelet "the node to be ready" node_ready
    await 60 controller-manager "the default service account" account_ready
    all_running || give_up "$(first_dead)" "$(first_dead) ended"
    say "cluster $name is ready after $((SECONDS - begun)) s; eval \"\$(scripts/cluster env)\" points kubectl at it"
}

# need_ports: a port that another program has would show only as a daemon that ended.
need_ports() {
    local pair daemon port
    for pair in etcd:$etcd_port etcd:$etcd_peer_port registry:$registry_port apiserver:$api_port \
        kubelet:$kubelet_port kubelet:$kubelet_health_port controller-manager:$manager_port \
        scheduler:$scheduler_port kube-proxy:$proxy_metrics_port kube-proxy:$proxy_health_port; do
        daemon=${pair%:*} port=${pair#*:}
        running "$daemon" && continue
        # The API server runs without its gateway, and the gateway without it.
        if [[ $daemon == apiserver ]] && running gateway; then continue; fi
        if ss -Hltn "sport = :$port" | grep . >/dev/null; then
            fail "port $port, which the $daemon needs, is in use by another program" \
                "find it with ss -ltnp 'sport = :$port'; DEVLOOP_CLUSTER_INDEX=1 moves every port by 100"
        fi
    done
}

first_dead() {
    local daemon
    for daemon in "${daemons[@]}"; do running "$daemon" || { echo "$daemon" && return; }; done
}
