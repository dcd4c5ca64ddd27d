# SPDX-License-Identifier: Apache-2.0
# Starting, finding and ending the daemons. Sourced by scripts/cluster.
#
# Each daemon is put into a control group of this instance before it runs, and the kubelet makes the Pods' groups
# beneath the same one. So "a process of this cluster" is a fact that the kernel keeps: shims and Pods are found
# without asking containerd, and a recycled process id cannot be mistaken for one of ours.

boot=$(</proc/sys/kernel/random/boot_id)

# Where control groups are mounted, one a line: every v1 controller, or the one v2 tree.
cgroup_mounts() {
    if awk '$3 == "cgroup" {found = 1} END {exit !found}' /proc/mounts; then
        awk '$3 == "cgroup" {print $2}' /proc/mounts
    else
        awk '$3 == "cgroup2" {print $2}' /proc/mounts | head -n 1
    fi
}
cgroup_version() { if awk '$3 == "cgroup" {f = 1} END {exit !f}' /proc/mounts; then echo v1; else echo v2; fi; }

# The mount whose groups we read back: one that every container is moved in.
tracking_mount() {
    local mount
    for mount in $(cgroup_mounts); do
        case $mount in */pids | */memory) echo "$mount" && return ;; esac
    done
    cgroup_mounts | head -n 1
}

make_groups() {
    local mount
    for mount in $(cgroup_mounts); do
        mkdir -p "$mount/$name/daemons" 2>/dev/null ||
            fail "control groups cannot be made in $mount" \
                "run outside a container, or in one started with --privileged --cgroupns=private"
        if [[ -f $mount/cpuset.cpus && -f $mount/$name/cpuset.cpus && ! -f $mount/cgroup.controllers ]]; then
            cat "$mount/cpuset.cpus" >"$mount/$name/cpuset.cpus"
            cat "$mount/cpuset.mems" >"$mount/$name/cpuset.mems"
        fi
        if [[ -f $mount/cgroup.controllers ]]; then
            local controller
            for controller in $(<"$mount/cgroup.controllers"); do
                echo "+$controller" >"$mount/cgroup.subtree_control" || true
                echo "+$controller" >"$mount/$name/cgroup.subtree_control" || true
            done 2>/dev/null
        fi
    done
}

# All mounts: beside v1 controllers there may be a v2 tree, in which runc makes groups too.
remove_groups() {
    local mount
    for mount in $(awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/mounts); do
        if [[ -d $mount/$name ]]; then find "$mount/$name" -depth -type d -exec rmdir {} + 2>/dev/null || true; fi
    done
}

# Every process of this instance: daemons, shims, and what runs in Pods.
members() {
    local group
    group=$(tracking_mount)/$name
    if [[ -d $group ]]; then find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null || true; fi
}

# start_time PID: in clock ticks since boot; fails for a process that is gone or a zombie.
start_time() {
    local stat=''
    # Not $(<...): one that ends between opening and reading would end this shell too, without a word. There is no NUL in
    # it, so that read reports the end of the file.
    { IFS= read -r -d '' stat <"/proc/$1/stat"; } 2>/dev/null || true
    [[ -n $stat ]] || return 1
    local fields
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != Z && ${fields[0]} != X ]] || return 1
    echo "${fields[19]}" # field 22 of proc(5), counted from the state, which is field 3
}

# running NAME: is the process that we started under this name still that process?
running() {
    local pid started from now
    read -r pid started from 2>/dev/null <"$state/run/$1.pid" || return 1
    [[ $from == "$boot" ]] && now=$(start_time "$pid") && [[ $now == "$started" ]]
}

# start NAME COMMAND...: does nothing when it runs already.
start() {
    local daemon=$1 log=$state/log/$1.log
    shift
    running "$daemon" && return
    if [[ -f $log ]]; then mv -f "$log" "$log.old"; fi
    (
        echo "$BASHPID" >"$(tracking_mount)/$name/daemons/cgroup.procs"
        cd /
        exec </dev/null >"$log" 2>&1
        # Neither the caller's pipes nor our lock may be held by a daemon. (A redirection of the loop itself would be
        # undone by way of a saved descriptor, which the loop closes.)
        for fd in /proc/self/fd/*; do
            fd=${fd##*/}
            if ((fd > 2)); then eval "exec $fd>&-"; fi
        done
        unset NOTIFY_SOCKET LISTEN_FDS LISTEN_PID
        # A background job of a script ignores SIGINT; containers would inherit that.
        exec env --default-signal setsid "$@"
    ) &
    local pid=$!
    printf '%s %s %s\n' "$pid" "$(start_time "$pid" || echo 0)" "$boot" >"$state/run/$daemon.pid"
}

# await SECONDS DAEMON WHAT COMMAND...: until the command succeeds; the daemon's log is shown when it does not.
await() {
    local deadline=$((SECONDS + $1)) daemon=$2 what=$3
    shift 3
    until "$@" >/dev/null 2>&1; do
        if ! running "$daemon"; then give_up "$daemon" "$daemon ended while waiting for $what"; fi
        if ((SECONDS >= deadline)); then give_up "$daemon" "waited in vain for $what"; fi
        sleep 0.1
    done
}

give_up() {
    say "--- the last lines of $state/log/$1.log"
    tail -n 20 "$state/log/$1.log" >&2 || true
    say "---"
    fail "cluster $name: $2" "the logs are in $state/log; 'scripts/cluster delete', then 'up', starts afresh"
}

# end_all: asks the daemons to end, then ends whatever is left in our groups.
end_all() {
    local daemon pid started
    for daemon in "${daemons[@]}"; do
        if running "$daemon"; then
            read -r pid started _ <"$state/run/$daemon.pid"
            kill -TERM "$pid" 2>/dev/null || true
        fi
    done
    local deadline=$((SECONDS + 5)) left
    while ((SECONDS < deadline)); do
        left=0
        for daemon in "${daemons[@]}"; do if running "$daemon"; then left=1; fi; done
        ((left)) || break
        sleep 0.05
    done
    for daemon in "${daemons[@]}"; do
        if running "$daemon"; then
            read -r pid started _ <"$state/run/$daemon.pid"
            kill -KILL "$pid" 2>/dev/null || true
        fi
        rm -f "$state/run/$daemon.pid"
    done
    end_members
}

end_members() {
    local deadline=$((SECONDS + 10)) pid left
    while :; do
        left=0
        for pid in $(members); do
            [[ $pid != "$$" ]] && start_time "$pid" >/dev/null || continue
            left=1
            kill -KILL "$pid" 2>/dev/null || true
        done
        ((left)) || break
        ((SECONDS < deadline)) || fail "processes of cluster $name do not end: $(members | paste -sd' ')" "see ps -o pid,stat,args"
        sleep 0.05
    done
}
