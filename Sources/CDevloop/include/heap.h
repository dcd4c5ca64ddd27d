// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Lets glibc's allocator have at most `arenas` arenas, and gives each block of `largest` bytes or more pages of its own,
/// which go back to the system when it is freed. To be called before the second thread starts. By default there may be
/// eight arenas for each processor, and the limit for blocks grows with them up to 32 MiB: what was freed then stays with
/// its arena. Returns 0 where the allocator has no such limits.
int dl_limit_heap(int arenas, int largest);
