# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts/test: runs the parts, shows their output, adds up their counts.

passed=0
failed=0
summary=()

# shown LOG COMMAND...: runs it with its output in a file, which is shown as it grows. A pipe would keep us waiting for
# any process that a test leaves behind.
shown() {
    local log=$1 pid status=0
    shift
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    tail -n +1 -f -s 0.2 --pid="$pid" "$log"
    wait "$pid" || status=$?
    return "$status"
}

# add PART PASSED FAILED
add() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    summary+=("$(printf '%-24s %5d passed %5d failed' "$1" "$2" "$3")")
}

# step WHAT COMMAND...: no test, so it counts only when it fails. It runs in this shell: it may set variables.
step() {
    local what=$1 status=0
    shift
    say "--- $what"
    "$@" </dev/null || status=$?
    ((status == 0)) && return
    say "$what failed (exit $status)"
    add "$what" 0 1
    return "$status"
}

# counted PART COMMAND...: a script that says "N passed, N failed" at its end; of one that failed, the shell's own
# remark may follow. What it says of failures is told once more at the end of all, as its last words are.
counted() {
    local part=$1 log=$logs/part.log status=0 line good=0 bad=0
    shift
    say "--- $part"
    shown "$log" "$@" || status=$?
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1) || line=$(tail -n 1 "$log")
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        good=${BASH_REMATCH[1]} bad=${BASH_REMATCH[2]}
    fi
    if ((status != 0 && bad == 0)); then bad=1; fi
    if ((good + bad == 0)); then bad=1; fi
    add "$part" "$good" "$bad"
    if ((bad == 0)); then return; fi
    if ((good == 0)); then summary+=("  exit $status; it said last: $line"); fi
    while IFS= read -r line; do summary+=("  $line"); done < <(grep -B 8 '^not ok' "$log" | cut -c 1-600 | tail -n 40 || true)
}

# swift_tests PART COMMAND...: Swift Testing's own output. The closing line gives the number of tests; those that
# failed are counted by their lines, since the closing line counts issues.
swift_tests() {
    local part=$1 log=$logs/swift.log status=0
    shift
    say "--- $part: test"
    shown "$log" "$@" || status=$?
    local counts
    counts=$(count_swift_tests "$log" "$status")
    # shellcheck disable=SC2086 # two numbers
    add "$part" $counts
    # Told once more at the end, where the output of a long run is still to be seen.
    while IFS= read -r line; do summary+=("  $line"); done < <(failed_swift_tests "$log")
    if ((status == 124 || status == 137)); then say "$part: the tests were ended, since they took too long"; fi
}

# count_swift_tests LOG STATUS: prints "PASSED FAILED".
count_swift_tests() {
    sed 's/\x1b\[[0-9;]*m//g' "$1" | awk -v status="$2" '
        match($0, /Test run with [0-9]+ tests?( in [0-9]+ suites?)? (passed|failed) after /) {
            split(substr($0, RSTART), word, " ")
            total += word[4]
            closed++
            if (index(substr($0, RSTART, RLENGTH), " failed ")) broken = 1
            next
        }
        # "✘ Test name() failed after 0.1 seconds with 1 issue."; the sign differs from terminal to terminal.
        /^[^[:alnum:]]*Test .* failed after [0-9.]+ seconds/ { failed++ }
        # The closing line counts those, too: a suite for a cluster that is not at hand.
        /^[^[:alnum:]]*Test .* skipped[.:]/ { skipped++ }
        END {
            total -= skipped
            if (failed > total) total = failed
            if (!failed && (status != 0 || broken || !closed)) { failed = 1; if (!total) total = 1 }
            print total - failed, failed + 0
        }'
}

# failed_swift_tests LOG: the issues, each with the first lines of its comment, and the failed tests; the sign at the start
# is taken off. Other tests may write between an issue and its comment: a comment's lines begin with an arrow of their own.
# "head" may leave before all is read.
failed_swift_tests() {
    sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
        /^[^[:alnum:]]*Test .* (recorded an issue|failed after)/ {
            left = / recorded an issue/ ? 6 : 0
            sub(/^[^[:alnum:]]*/, "")
            print
            next
        }
        left > 0 && /^↳/ { left--; print "  " $0; next }
        /^[^[:alnum:]]*(Test|Suite) / { left = 0 }' | cut -c 1-600 | head -n 40 || true
}

finish() {
    say "---"
    if ((${#summary[@]})); then printf '%s\n' "${summary[@]}"; fi
    # The cluster is stopped first: the counts are the last line.
    trap - EXIT
    leave
    echo "$passed passed, $failed failed"
    if ((failed > 0 || passed == 0)); then exit 1; fi
    exit 0
}
