# SPDX-License-Identifier: Apache-2.0
# Sourced by tests that need a cluster which they may break.

# enter_own_namespaces NAME: runs the script again in namespaces of its own for network and mounts, so that it neither
# disturbs nor is disturbed by a cluster that runs. Options are handed on by the environment.
enter_own_namespaces() {
    require_root "to run a cluster"
    if [[ ${DEVLOOP_INSIDE:-} != "$1" ]]; then
        "$scripts/cluster" build
        # One at a time on a machine; the lock is held until the last of us ends.
        exec 5>"$cache_root/$1.lock"
        flock -n 5 || { say "waiting for another ${0##*/}" && flock 5; }
        DEVLOOP_INSIDE=$1 exec unshare --net --mount --propagation private "$0"
    fi
    # The kubelet has these folders at fixed places; another node's must not be seen, since it would clean them up.
    local folder
    for folder in /var/log /var/lib/kubelet; do
        mkdir -p "$folder"
        mount -t tmpfs tmpfs "$folder"
    done
    ip link set lo up
}

# enter_own_cluster NAME: in such namespaces, with a cluster that is started there.
enter_own_cluster() {
    bundle=$scripts/../.build/debug/devloopPackageTests.xctest
    [[ -x $bundle ]] || fail "the tests are not built" "swift build --build-tests"
    enter_own_namespaces "$1"
    export DEVLOOP_CLUSTER=$1
    export DEVLOOP_OWN_CLUSTER=$cache_root/cluster-$1 DEVLOOP_OWN_SCRIPTS=$scripts
    trap delete_own_cluster EXIT
    trap 'exit 130' INT TERM
    # What a test that was killed has left is no concern of this one.
    delete_own_cluster
    "$scripts/cluster" up
    eval "$("$scripts/cluster" env)"
}

delete_own_cluster() { "$scripts/cluster" delete >/dev/null 2>&1 || true; }

leave_own_cluster() {
    trap - EXIT
    delete_own_cluster
}

# only PATTERN: the tests whose name matches.
only() { "$bundle" --testing-library swift-testing --filter "$1"; }
