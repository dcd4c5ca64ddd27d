# SPDX-License-Identifier: Apache-2.0
"""Nanoseconds that a round of each bench_ function of a Starlark file takes here, as lines `name nanoseconds`.

The file is one that is Python too. The time is the best of several stretches, as in `starlark-conformance --bench`.
"""
import json
import sys
import time

STRETCH, ROUNDS = 0.05, 5


class Counter:
    def __init__(self, n):
        self.n = n

    def start(self):
        pass

    stop = restart = start


class Encoder:
    encode = staticmethod(json.dumps)


def measure(function):
    def once(count):
        begin = time.perf_counter()
        function(Counter(count))
        return time.perf_counter() - begin

    count = 1
    while (elapsed := once(count)) < STRETCH:
        factor = min(10, max(1.2, 1.2 * STRETCH / elapsed)) if elapsed > 0 else 10
        count = max(count + 1, int(count * factor))
    return min(once(count) for _ in range(ROUNDS)) / count * 1e9


with open(sys.argv[1], encoding="utf-8") as file:
    names = {"json": Encoder}
    exec(compile(file.read(), sys.argv[1], "exec"), names)
for name in sorted(names):
    if name.startswith("bench_"):
        print(name, round(measure(names[name])))
