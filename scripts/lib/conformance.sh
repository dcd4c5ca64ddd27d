# SPDX-License-Identifier: Apache-2.0
# Where the public Starlark suites are. They are not part of the repository.

# Exports DEVLOOP_CONFORMANCE: as it is set, else the folder beside this checkout, else the one beside the checkout that
# this one was cloned from, else the one that was found last on this machine. Leaves it unset when there is none.
find_conformance() {
    local folder origin remembered=$cache_root/conformance
    if [[ -n ${DEVLOOP_CONFORMANCE:-} ]]; then return; fi
    # A clone may have no origin, and a copy no git.
    origin=$(git config --get remote.origin.url 2>/dev/null || true)
    for folder in .. "${origin#file://}/.."; do
        folder=$folder/shared/conformance/starlark
        if [[ -d $folder ]]; then
            DEVLOOP_CONFORMANCE=$(cd "$folder" && pwd -P)
            mkdir -p "$cache_root"
            ln -sfn "$DEVLOOP_CONFORMANCE" "$remembered"
            export DEVLOOP_CONFORMANCE
            return
        fi
    done
    if [[ -d $remembered/ ]]; then
        DEVLOOP_CONFORMANCE=$(cd "$remembered" && pwd -P)
        export DEVLOOP_CONFORMANCE
    fi
}
