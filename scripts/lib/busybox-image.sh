# SPDX-License-Identifier: Apache-2.0
# An image made of Debian's static busybox. Sourced by scripts/cluster and its test.

# busybox_layer FILE: a file system of one layer, the same bytes each time.
busybox_layer() {
    local root applet
    root=$(mktemp -d)
    mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/root"
    chmod 755 "$root"
    chmod 1777 "$root/tmp"
    cp "$(command -v busybox)" "$root/bin/busybox"
    echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
    for applet in $(busybox --list); do
        if [[ $applet != busybox ]]; then ln -s busybox "$root/bin/$applet"; fi
    done
    tar cf "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$root" .
    rm -rf "$root"
}

# image_config COMMAND-AS-JSON LAYER-DIGEST...
image_config() {
    local command=$1 digests
    shift
    digests=$(printf '"sha256:%s",' "$@")
    cat <<X
{"architecture": "$(dpkg --print-architecture)", "os": "linux",
 "config": {"Cmd": $command, "Env": ["PATH=/bin"]}, "rootfs": {"type": "layers", "diff_ids": [${digests%,}]}}
X
}

digest_of() { sha256sum "$1" | cut -d' ' -f1; }

# pack_busybox REFERENCE COMMAND-AS-JSON FILE: a docker-archive.
pack_busybox() {
    local work
    work=$(mktemp -d)
    busybox_layer "$work/layer.tar"
    image_config "$2" "$(digest_of "$work/layer.tar")" >"$work/config.json"
    printf '[{"Config": "config.json", "RepoTags": ["%s"], "Layers": ["layer.tar"]}]' "$1" >"$work/manifest.json"
    tar cf "$3" -C "$work" manifest.json config.json layer.tar
    rm -rf "$work"
}
