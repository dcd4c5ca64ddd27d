# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts that check: one line a check, counts at the end.

passed=0
failed=0

# check WHAT COMMAND...: the command's output is shown only when it fails.
check() {
    local what=$1 output status=0
    shift
    # Through a file, not $(...): a daemon that kept the pipe open would hang us, and that has its own check.
    output=$(mktemp)
    # Waited for, not followed by "||", which would let a check go on after its first failing command.
    (
        set -e
        "$@"
    ) >"$output" 2>&1 </dev/null &
    wait $! || status=$?
    if ((status == 0)); then
        passed=$((passed + 1))
        echo "ok     $what"
    else
        failed=$((failed + 1))
        sed 's/^/       /' "$output"
        echo "not ok $what (exit $status)"
    fi
    rm -f "$output"
}

# print_counts: the last line; the exit status says whether all is well.
print_counts() {
    echo "$passed passed, $failed failed"
    ((failed == 0 && passed > 0))
}
