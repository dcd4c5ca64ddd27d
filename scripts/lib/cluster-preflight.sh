# SPDX-License-Identifier: Apache-2.0
# What the machine has to offer. Sourced by scripts/cluster.

# What this machine lacks, each in one line with what to do.
preflight() {
    require_root "to run a Kubernetes node"
    [[ $(uname -s) == Linux ]] || fail "this is not Linux" "use minikube instead"
    local missing=() command
    for command in etcd containerd ctr runc iptables iptables-save ip conntrack openssl busybox docker-registry \
        kubectl socat flock; do
        have "$command" || missing+=("$command")
    done
    [[ -x /usr/lib/cni/bridge ]] || missing+=(/usr/lib/cni/bridge)
    ((${#missing[@]} == 0)) || fail "not installed: ${missing[*]}" "scripts/setup"
    if LC_ALL=C ldd "$(command -v busybox)" >/dev/null 2>&1; then
        fail "busybox is not the static one" "apt-get install busybox-static"
    fi
    iptables -w -t nat -S >/dev/null 2>&1 || fail "iptables does not work here" \
        "in a container: start it privileged; otherwise try update-alternatives --set iptables /usr/sbin/iptables-legacy"
    [[ -n $(cgroup_mounts) ]] || fail "no control groups are mounted" "mount cgroup v1 controllers below /sys/fs/cgroup"
    if [[ $(cgroup_version) == v2 ]]; then
        say "cluster: this machine has cgroup v2 only, which Kubernetes $version supports but we have not tried;" \
            "should the node not become ready, boot with systemd.unified_cgroup_hierarchy=0, or use minikube"
    fi
    # A Unix socket's path has 107 bytes at most, and containerd adds ".ttrpc".
    ((${#socket} <= 100)) || fail "the path $socket is too long for a socket" "set XDG_CACHE_HOME to a shorter path"
    [[ $state != *[\"\'\\\ ]* ]] || fail "the path $state has a space or a quote in it" "set XDG_CACHE_HOME to another path"
}

# The snapshotter is settled once for each state folder: images unpacked by one are not seen by the other.
choose_snapshotter() {
    if [[ ! -f $state/snapshotter ]]; then
        local trial=$state/overlay-trial choice=native
        mkdir -p "$trial"/{lower,upper,work,merged}
        if mount -t overlay overlay -o "lowerdir=$trial/lower,upperdir=$trial/upper,workdir=$trial/work" \
            "$trial/merged" 2>/dev/null; then
            umount "$trial/merged"
            choice=overlayfs
        else
            say "cluster: no overlay file system on $state, so images are copied instead (slower);" \
                "an ext4 or xfs folder in XDG_CACHE_HOME avoids that"
        fi
        rm -rf "$trial"
        echo "$choice" >"$state/snapshotter"
    fi
    snapshotter=$(<"$state/snapshotter")
}
