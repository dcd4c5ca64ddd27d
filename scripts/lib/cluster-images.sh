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

# make_image REFERENCE COMMAND-AS-JSON: an image with Debian's static busybox, unless the node has it.
make_image() {
    if node_ctr images ls -q | grep -xF "$1" >/dev/null; then return; fi
    local work status=0
    work=$(mktemp -d "$state/image.XXXXXX")
    pack_busybox "$1" "$2" "$work/image.tar"
    load "$work/image.tar" 2>"$state/log/image.log" || status=$?
    rm -rf "$work"
    ((status == 0)) || fail "containerd did not take the image $1: $(tail -n 1 "$state/log/image.log")" \
        "see $state/log/containerd.log"
}
