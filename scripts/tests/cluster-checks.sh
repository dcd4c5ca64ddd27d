# SPDX-License-Identifier: Apache-2.0
# The checks of scripts/tests/cluster-test, in order; each group leaves what the next one needs.

# --- usage
check "no such command: exit 2" exits 2 cluster sideways
check "without root: exit 1 and a hint" bash -c "unshare --user '$scripts/cluster' up 2>&1 | grep -q '^hint: run it as root'"
check "status of what is not up: exit 1" exits 1 cluster status
check "load into what is not up: exit 1" exits 1 cluster load /dev/null
check "down of what is not up" cluster down

# --- up
network_before() {
    ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/'
    local table
    for table in nat filter mangle; do
        iptables-save -t "$table" 2>/dev/null | grep '^[-:]' | sed 's/ \[.*//'
        ip6tables-save -t "$table" 2>/dev/null | grep '^[-:]' | sed 's/ \[.*//'
    done
}
for command in iptables ip6tables; do # so that the built-in chains are there before, too
    for table in nat filter mangle; do "$command" -w -t "$table" -S >/dev/null 2>&1 || true; done
done
network_before >"$work/network"
up_through_a_pipe() { timeout 200 bash -c "'$scripts/cluster' up 2>&1 | cat"; cluster status; }
check "up, its output through a pipe" up_through_a_pipe
if ((failed > 0)); then
    tail -n 20 "$state"/log/*.log || true
    return 0
fi
pids_before=$(cat "$state"/run/*.pid)
again() {
    local begun=$SECONDS
    cluster up
    [[ $(cat "$state"/run/*.pid) == "$pids_before" ]] && ((SECONDS - begun <= 3))
}
check "up again: at once, the same processes" again
two_at_once() { # the second waits for the first, and both succeed
    cluster up &
    local first=$!
    cluster up && wait "$first"
}
check "two at once" two_at_once
check "status: exit 0" cluster status
named_alike() {
    eval "$(cluster env)"
    [[ $KUBECONFIG == "$state/admin.conf" && $(kubectl config current-context) == "$DEVLOOP_CLUSTER" ]]
    kubectl get node "$DEVLOOP_CLUSTER"
}
check "env points at it; context and node have its name" named_alike
loopback_only() { # or the bridge, which only this machine and its Pods reach
    refused grep -vE '127\.0\.0\.1:|10\.244\.0\.1:|\[::ffff:127\.' <(ss -Hltn | awk '{print $4}')
}
check "nothing listens beyond loopback and the bridge" loopback_only
daemons_hold_no_pipe() {
    local pid
    for pid in $(cut -d' ' -f1 "$state"/run/*.pid); do
        if find "/proc/$pid/fd" -lname "$state.lock" | grep .; then return 1; fi
        [[ $(readlink "/proc/$pid/fd/0") == /dev/null ]] || { echo "process $pid reads our input" && return 1; }
    done
}
logs_are_written() { [[ -s $state/log/kubelet.log && -s $state/log/apiserver.log && -s $state/log/etcd.log ]]; }
check "daemons write their logs" logs_are_written
check "daemons hold neither lock nor input" daemons_hold_no_pipe

# --- images
busybox_layer "$work/base.tar"
mkdir -p "$work/extra"
echo hello >"$work/extra/greeting"
tar cf "$work/extra.tar" --sort=name --mtime=@0 --owner=0 --group=0 -C "$work/extra" greeting
echo other >"$work/extra/greeting"
tar cf "$work/other.tar" --sort=name --mtime=@0 --owner=0 --group=0 -C "$work/extra" greeting
put() { # FILE: into the layout; prints its digest
    local digest
    digest=$(digest_of "$1")
    cp "$1" "$work/oci/blobs/sha256/$digest"
    echo "$digest"
}
descriptor() { # MEDIA-TYPE FILE
    printf '{"mediaType": "application/vnd.oci.image.%s", "digest": "sha256:%s", "size": %s' \
        "$1" "$(digest_of "$2")" "$(stat -c %s "$2")"
}
# oci REFERENCE ARCHIVE OMITTED-LAYER LAYER...: an OCI layout as tar, without one of its layers if that is named.
oci() {
    local reference=$1 archive=$2 omitted=$3 layer layers=() digests=()
    shift 3
    rm -rf "$work/oci"
    mkdir -p "$work/oci/blobs/sha256"
    for layer in "$@"; do
        if [[ $layer != "$omitted" ]]; then put "$layer" >/dev/null; fi
        digests+=("$(digest_of "$layer")")
        layers+=("$(descriptor layer.v1.tar "$layer")}")
    done
    image_config '["sh"]' "${digests[@]}" >"$work/config.json"
    put "$work/config.json" >/dev/null
    printf '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": %s}, "layers": [%s]}' \
        "$(descriptor config.v1+json "$work/config.json")" "$(IFS=, && echo "${layers[*]}")" >"$work/manifest.json"
    put "$work/manifest.json" >/dev/null
    printf '{"schemaVersion": 2, "manifests": [%s, "annotations": {"io.containerd.image.name": "%s"}}]}' \
        "$(descriptor manifest.v1+json "$work/manifest.json")" "$reference" >"$work/oci/index.json"
    echo '{"imageLayoutVersion": "1.0.0"}' >"$work/oci/oci-layout"
    tar cf "$archive" -C "$work/oci" oci-layout index.json blobs
}
pack_busybox test.local/docker:1 '["sh"]' "$work/docker.tar"
oci test.local/whole:1 "$work/whole.tar" '' "$work/base.tar"
oci test.local/delta:1 "$work/delta.tar" "$work/base.tar" "$work/base.tar" "$work/extra.tar"
oci test.local/broken:1 "$work/broken.tar" "$work/other.tar" "$work/base.tar" "$work/other.tar"
has_image() { node_ctr images ls -q | grep -qxF "$1"; }
load_file() { cluster load "$work/docker.tar" && has_image test.local/docker:1; }
load_input() { cluster load <"$work/whole.tar" && has_image test.local/whole:1; }
load_delta() { [[ $(stat -c %s "$work/delta.tar") -lt 100000 ]] && cluster load - <"$work/delta.tar"; }
load_broken() { refused cluster load <"$work/broken.tar" && refused has_image test.local/broken:1; }
check "load a docker archive from a file" load_file
check "load an OCI layout from standard input" load_input
check "load a delta archive: a layer that the node has is left out" load_delta
check "a delta archive whose layer nobody has is refused, and no image is left" load_broken
check "load of what is no archive is refused" refused cluster load "$scripts/cluster"
check "load of a file that is not there: exit 1" exits 1 cluster load "$work/nothing.tar"

# --- Pods
pod reader test.local/delta:1 Never "cat /greeting; sleep 1000" >/dev/null
check "a Pod of the delta image runs" eventually 60 ready reader
check "its logs come back" eventually 20 bash -c "kubectl --kubeconfig '$state/admin.conf' logs reader | grep -qx hello"
check "exec reaches it" kube exec reader -- cat /greeting
pod server devloop.local/busybox:1 Never \
    "mkdir /www; echo served > /www/index.html; exec httpd -f -p 8080 -h /www" >/dev/null
kube apply -f - >/dev/null <<X
apiVersion: v1
kind: Service
metadata: {name: server}
spec: {selector: {app: server}, ports: [{port: 80, targetPort: 8080, protocol: TCP}]}
X
eventually 60 ready server || true
service=$(kube get service server -o 'jsonpath={.spec.clusterIP}')
check "one Pod reaches another by its Service" eventually 30 kube exec reader -- wget -qO- "http://$service/"
check "a Pod reaches itself by its Service" eventually 10 kube exec server -- wget -qO- "http://$service/"
check "a Pod reaches the API server" kube exec reader -- sh -c "nc 10.96.0.1 443 </dev/null"

# --- registry
request() { # METHOD PATH: prints the status code, and the digest if one came
    exec 6<>/dev/tcp/127.0.0.1/15000
    printf '%s %s HTTP/1.0\r\nHost: 127.0.0.1:15000\r\nAccept: %s\r\n\r\n' "$1" "$2" \
        application/vnd.docker.distribution.manifest.v2+json >&6
    tr -d '\r' <&6 | awk 'NR == 1 {print $2} tolower($1) == "docker-content-digest:" {print $2} !NF {exit}'
    exec 6<&-
}
push_and_pull() {
    local reference=127.0.0.1:15000/test/docker:1
    node_ctr images tag test.local/docker:1 "$reference"
    node_ctr images push --plain-http "$reference"
    node_ctr images rm "$reference"
    pod pulled "$reference" Always "sleep 1000"
    eventually 60 ready pulled
}
check "the node pulls what was pushed to the registry" push_and_pull
registry_deletes() {
    local digest
    digest=$(request HEAD /v2/test/docker/manifests/1 | sed -n 2p)
    [[ $(request DELETE "/v2/test/docker/manifests/$digest" | head -n 1) == 202 ]]
    [[ $(request HEAD /v2/test/docker/manifests/1 | head -n 1) == 404 ]]
}
check "the registry deletes" registry_deletes

# --- what a machine does to it
restarts() { kube get pod "$1" -o 'jsonpath={.metadata.uid} {.status.containerStatuses[0].restartCount}'; }
pods_survive() {
    local before
    before=$(restarts server)
    kill -KILL "$(process_of etcd)" "$(process_of containerd)"
    exits 1 cluster status
    cluster up
    eventually 30 ready server
    [[ $(restarts server) == "$before" ]] || { echo "before $before, now $(restarts server)" && return 1; }
    eventually 20 kube exec reader -- wget -qO- "http://$service/"
}
check "etcd and containerd killed: up again, and Pods have not noticed" pods_survive
everything_killed() {
    kill_all
    [[ $(grep -cF "$state/" /proc/mounts) -gt 0 ]] # what it has to cope with
    cluster up
    eventually 90 ready server
}
check "everything killed: up again, and Pods are revived" everything_killed
a_stranger() { # whose process id stands in one of our files, as after the id was used again
    sleep 300 &
    local stranger=$! boot
    boot=$(</proc/sys/kernel/random/boot_id)
    cluster down
    echo "$stranger 1 $boot" >"$state/run/etcd.pid"
    echo "$stranger" >"$state/run/kubelet.pid"
    cluster down
    kill -0 "$stranger" && kill "$stranger"
}
check "down spares a process that only has the id of one of ours" a_stranger

# --- down
no_process() {
    local left
    left=$(members)
    [[ -z $left ]] || { echo "left: $(paste -sd' ' <<<"$left")" && return 1; }
    refused grep -lF "$state" /proc/[0-9]*/cmdline
}
no_mount() { refused grep -F "$state/" /proc/mounts && refused grep -F "/run/netns/cni-" /proc/mounts; }
check "down leaves no process" no_process
check "down leaves no mount" no_mount
network_as_before() { diff "$work/network" <(network_before); }
check "down leaves no device, rule or chain" network_as_before
check "down leaves no control group" bash -c "! find /sys/fs/cgroup -type d -name '$DEVLOOP_CLUSTER' 2>/dev/null | grep ."
check "down again" cluster down
half_made_pki() {
    rm "$state/pki/complete" "$state/pki/admin.crt"
    mkdir -p "$state/pki.new"
    cluster up
    cluster status
}
check "up with half-made certificates" half_made_pki
rebooted() { # nothing of ours lives, and etcd, which does not sync its files, has lost some
    kill_all
    echo another >"$state/boot"
    find "$state/etcd" -type f -exec truncate -s 1000 {} +
    cluster up
    cluster status
    refused kube get pod fresh
}
second_refused() { # their Service rules would overwrite each other's
    local output
    output=$(refused other up 2>&1)
    other delete
    cluster status
    grep 'another Kubernetes has its Service rules here' <<<"$output"
}
from_elsewhere() { # what is called in another network namespace must not touch the devices and rules of this one
    network_before >"$work/here"
    exits 1 unshare --net "$scripts/cluster" up
    network_before | diff "$work/here" -
    unshare --net "$scripts/cluster" down
    network_before | grep -x dlbr0
    refused cluster status
    cluster up
}
port_taken() {
    cluster down
    socat TCP-LISTEN:15000,bind=127.0.0.1,fork,reuseaddr - &
    local listener=$! output
    eventually 10 bash -c "ss -Hltn 'sport = :15000' | grep -q ."
    output=$(refused cluster up 2>&1)
    kill "$listener"
    grep 'port 15000, which the registry needs, is in use' <<<"$output"
    cluster up
}
folder_removed() { # under a running cluster
    rm -rf "${state:?}"/{run,boot,rules}
    exits 1 cluster status
    cluster up
    cluster status
}
new_objects() { pod fresh devloop.local/busybox:1 Never "sleep 1000" && eventually 60 ready fresh; }
check "and Pods run there" new_objects
delete_all() { cluster delete && [[ ! -e $state ]] && no_process && no_mount && network_as_before; }
check "up after a reboot that broke etcd's files: an empty cluster" rebooted
check "a second cluster in the same network namespace is refused" second_refused
check "from another network namespace: up is refused, down ends the processes" from_elsewhere
check "a port in use is named" port_taken
check "up after the records were removed under a running cluster" folder_removed
check "delete leaves nothing" delete_all
