# SPDX-License-Identifier: Apache-2.0
# Sourced by every script: how to talk, how to fail, where things are.

# The talk goes to stderr; stdout is for answers.
say() { printf '%s\n' "$*" >&2; }

# fail WHAT [HINT]: one error, one hint, exit 1.
fail() {
    printf 'error: %s\n' "$1" >&2
    if [[ -n ${2:-} ]]; then printf 'hint: %s\n' "$2" >&2; fi
    exit 1
}

# wrong_usage WHAT: exit 2, as all of devloop's programs do.
wrong_usage() {
    printf 'error: %s\n' "$1" >&2
    printf 'hint: %s --help\n' "$0" >&2
    exit 2
}

# No step may end a script without a word.
set -E
trap 'printf "error: failed at %s:%s: %s\n" "${BASH_SOURCE[0]##*/}" "$LINENO" "$BASH_COMMAND" >&2' ERR

have() { command -v "$1" >/dev/null 2>&1; }

# runc, iptables and ip are in sbin, which an ordinary PATH leaves out.
export PATH=$PATH:/usr/sbin:/sbin

# Everything that is costly to make lives outside the clone, so that a second clone finds it.
cache_root=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/devloop

# The oldest toolchain that Package.swift and the tests are written for.
swift_minimum=6.3

# How the programs are built that one would install: with the Swift runtime inside, so that nothing else is needed and
# little is loaded at the start.
# shellcheck disable=SC2034 # for the scripts that source this
release=(-c release --static-swift-stdlib)

# Says what is missing, and what to do about it, when there is no fitting Swift on PATH.
require_swift() {
    local hint="install Swift $swift_minimum or newer (https://www.swift.org/install) and put its usr/bin on PATH"
    have swift || fail "no Swift toolchain: swift is not on PATH" "$hint"
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
    [[ -n $version ]] || fail "swift is on PATH, but 'swift --version' does not name its version" "$hint"
    [[ $(printf '%s\n%s\n' "$swift_minimum" "$version" | sort -V | head -n 1) == "$swift_minimum" ]] ||
        fail "Swift $version is too old; $swift_minimum or newer is needed" "$hint"
}

# require_root PURPOSE
require_root() {
    ((EUID == 0)) || fail "no root rights, which are needed $1" "run it as root, or with sudo -E env PATH=\"\$PATH\" $0"
}
