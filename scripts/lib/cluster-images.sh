# SPDX-License-Identifier: Apache-2.0
# Images of the node. Sourced by scripts/cluster.

node_ctr() { ctr --address "$socket" --namespace k8s.io "$@"; }

# load [FILE]: one image archive, docker-archive or OCI layout, from a file or standard input. A delta archive, whose
# other blobs the node has, is accepted; one with blobs that nobody has is refused, and leaves no broken image.
load() {
    local output status=0 image
    output=$(node_ctr images import --snapshotter "$snapshotter" "${1:--}" 2>&1) || status=$?
    printf '%s\n' "$output" >&2
    ((status == 0)) && return
    while read -r image; do
        node_ctr images rm "$image" >/dev/null 2>&1 || true
    done < <(sed -n 's/^unpacking \([^ ]*\) (sha256:.*/\1/p' <<<"$output")
    return 1
}

# make_image REFERENCE COMMAND-AS-JSON: an image of one layer with Debian's static busybox.
make_image() {
    node_ctr images ls -q | grep -qxF "$1" && return
    local work layer architecture
    work=$(mktemp -d "$state/image.XXXXXX")
    architecture=$(dpkg --print-architecture)
    mkdir -p "$work/root/bin" "$work/root/etc" "$work/root/tmp" "$work/root/root"
    chmod 1777 "$work/root/tmp"
    cp "$(command -v busybox)" "$work/root/bin/busybox"
    echo 'root:x:0:0:root:/root:/bin/sh' >"$work/root/etc/passwd"
    local applet
    for applet in $(busybox --list); do
        if [[ $applet != busybox ]]; then ln -s busybox "$work/root/bin/$applet"; fi
    done
    tar cf "$work/layer.tar" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$work/root" .
    layer=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
    cat >"$work/config.json" <<X
{"architecture": "$architecture", "os": "linux",
 "config": {"Cmd": $2, "Env": ["PATH=/bin"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$layer"]}, "history": [{}]}
X
    printf '[{"Config": "config.json", "RepoTags": ["%s"], "Layers": ["layer.tar"]}]' "$1" >"$work/manifest.json"
    tar cf "$work/image.tar" -C "$work" manifest.json config.json layer.tar
    local status=0
    load "$work/image.tar" 2>"$state/log/image.log" || status=$?
    rm -rf "$work"
    ((status == 0)) || fail "containerd did not take the image $1: $(tail -n 1 "$state/log/image.log")" \
        "see $state/log/containerd.log"
}
