# SPDX-License-Identifier: Apache-2.0
# The bridge, kernel settings and packet filter rules, and how they are put back. Sourced by scripts/cluster.

# Kernel settings that the daemons change; "down" writes the earlier values back.
kernel_settings=(
    net/ipv4/ip_forward net/ipv4/conf/all/route_localnet net/bridge/bridge-nf-call-iptables
    vm/overcommit_memory kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes
)

save_settings() {
    [[ -f $state/settings ]] && return
    local key
    for key in "${kernel_settings[@]}"; do
        if [[ -r /proc/sys/$key ]]; then printf '%s %s\n' "$key" "$(<"/proc/sys/$key")"; fi
    done >"$state/settings.new"
    mv "$state/settings.new" "$state/settings"
}

restore_settings() {
    [[ -f $state/settings ]] || return 0
    local key value
    while read -r key value; do
        { echo "$value" >"/proc/sys/$key"; } 2>/dev/null || true
    done <"$state/settings"
    rm -f "$state/settings"
}

make_bridge() {
    if ! ip link show "$bridge" >/dev/null 2>&1; then
        ip link add "$bridge" type bridge 2>/dev/null ||
            fail "this kernel makes no network bridge" "load the module: modprobe bridge; in a container, run it privileged"
    fi
    ip addr replace "$node_ip/24" dev "$bridge"
    ip link set "$bridge" up
    ip link set lo up
    echo 1 >/proc/sys/net/ipv4/ip_forward
    if [[ -w /proc/sys/net/bridge/bridge-nf-call-iptables ]]; then
        echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
    fi
    # Another container engine may have closed forwarding; Pods still have to reach out and each other.
    if [[ $(iptables -w -S FORWARD 2>/dev/null) == *'-P FORWARD DROP'* ]]; then
        local direction
        for direction in -i -o; do
            local rule=(FORWARD "$direction" "$bridge" -m comment --comment "$name" -j ACCEPT)
            iptables -w -C "${rule[@]}" 2>/dev/null || iptables -w -I "${rule[@]}"
        done
    fi
}

# A Service's answer between two Pods of one bridge passes the packet filter only with br_netfilter; without it the
# sender's address has to be hidden, so that the answer comes back the same way.
proxy_masquerade() { [[ -r /proc/sys/net/bridge/bridge-nf-call-iptables ]] && echo false || echo true; }

# Devices, rules and settings belong to a network namespace, which may not be the one that we are called in.
network_here=$(readlink /proc/self/ns/net)
network_is_here() { [[ ! -s $state/network || $(<"$state/network") == "$boot $network_here" ]]; }

# claim_network: remembers where the cluster's network is, and refuses to have it in two places.
claim_network() {
    if ! network_is_here && [[ -n $(members) ]]; then
        fail "cluster $name runs in another network namespace" "scripts/cluster down, then up again here"
    fi
    echo "$boot $network_here" >"$state/network"
}

# kube-proxy's chains have fixed names: two in one network namespace would overwrite each other's.
claim_rules() {
    [[ -f $state/rules ]] && return
    if [[ $(iptables-save -t nat 2>/dev/null) == *:KUBE-SERVICES\ * ]]; then
        local process comm
        for process in /proc/[0-9]*; do
            read -r comm 2>/dev/null <"$process/comm" || continue
            case $comm in
                kube-proxy | kubelite | k3s*)
                    if [[ $(readlink "$process/ns/net") == "$network_here" ]]; then
                        fail "another Kubernetes has its Service rules here (process ${process#/proc/}, $comm)" \
                            "use that cluster, stop it, or run this one in a network namespace of its own: unshare --net"
                    fi
                    ;;
            esac
        done
    fi
    touch "$state/rules"
}

# delete_rules COMMAND: takes our chains, and the rules that lead to them, out of one address family.
delete_rules() {
    local command=$1 table
    for table in nat filter mangle; do
        "$command-save" -t "$table" 2>/dev/null | awk -v table="$table" -v name="$name" -v bridge="$bridge" '
            /^:KUBE-/ { chain = substr($1, 2); kube[chain] = 1; order[++n] = chain }
            /^:CNI-/ { chain = substr($1, 2); cni[chain] = 1; order[++n] = chain }
            /^-A / {
                rule[++rules] = $0
                # The plug-ins name the network in the comment of each rule; its Pod chains belong to it alone.
                if (index($0, "\\\"" name "\\\"") || index($0, "name: \"" name "\"")) {
                    ours[rules] = 1
                    mine[$2] = 1
                    for (i = 3; i < NF; i++) if ($i == "-j") mine[$(i + 1)] = 1
                }
            }
            END {
                shared["CNI-HOSTPORT-DNAT"] = shared["CNI-HOSTPORT-SETMARK"] = shared["CNI-HOSTPORT-MASQ"] = 1
                for (i = 1; i <= rules; i++) {
                    split(rule[i], word, " ")
                    if (word[2] in shared && !ours[i]) {
                        foreign += (word[2] == "CNI-HOSTPORT-DNAT")
                    }
                }
                print "*" table
                for (i = 1; i <= rules; i++) {
                    count = split(rule[i], word, " ")
                    target = ""
                    for (j = 3; j < count; j++) if (word[j] == "-j") target = word[j + 1]
                    if (word[2] in kube) continue # flushed as a whole
                    drop = target in kube || ours[i]
                    if (target in shared && !foreign) drop = 1
                    if (word[2] in shared && !foreign) continue
                    if ((word[2] in cni) && (word[2] in mine) && !(word[2] in shared)) continue
                    if (index(rule[i], "--comment " name " ") && index(rule[i], bridge)) drop = 1
                    if (drop) { sub(/^-A/, "-D", rule[i]); print rule[i] }
                }
                for (i = 1; i <= n; i++) {
                    chain = order[i]
                    gone[chain] = (chain in kube) || ((chain in shared) ? !foreign : (chain in mine))
                    if (gone[chain]) print "-F " chain
                }
                for (i = 1; i <= n; i++) if (gone[order[i]]) print "-X " order[i]
                print "COMMIT"
            }' >"$state/rules.$command.$table"
        if grep -q '^-' "$state/rules.$command.$table"; then
            "$command-restore" -w --noflush <"$state/rules.$command.$table" ||
                say "cluster: some packet filter rules are left in the $table table; see $command-save -t $table"
        fi
        rm -f "$state/rules.$command.$table"
    done
}

remove_network() {
    rm -rf "$state/ipam"
    rm -f "/var/lib/cni/results/$name-"*
    if ! network_is_here; then
        # It goes with its namespace, whose last process we have ended.
        rm -f "$state"/{rules,settings,network}
        return
    fi
    local device
    if ip link show "$bridge" >/dev/null 2>&1; then
        for device in $(ip -o link show master "$bridge" | sed 's/^[0-9]*: \([^:@]*\).*/\1/'); do
            ip link delete "$device" 2>/dev/null || true
        done
        ip link delete "$bridge" 2>/dev/null || true
    fi
    if [[ -f $state/rules ]]; then
        delete_rules iptables
        delete_rules ip6tables
    fi
    restore_settings
    rm -f "$state"/{rules,network}
}

# Takes away what is mounted below our folder: Pods' root file systems, volumes, and network namespaces.
unmount_all() {
    local round targets
    for round in 1 2 3; do
        targets=$(awk -v folder="$state/" 'index($2, folder) == 1 {print $2}' /proc/mounts | sort -r)
        [[ -n $targets ]] || return 0
        xargs -r -n 1 umount -l <<<"$targets" 2>/dev/null || true
    done
    # Going on would mean to delete files through a mount, perhaps a folder of the user's own.
    fail "still mounted below $state: $(paste -sd' ' <<<"$targets")" "unmount it, then run the command again"
}
