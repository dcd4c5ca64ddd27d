// SPDX-License-Identifier: Apache-2.0
#include "heap.h"

#include <malloc.h>

int dl_limit_heap(int arenas, int largest) {
#ifdef M_ARENA_MAX
    return mallopt(M_ARENA_MAX, arenas) && mallopt(M_MMAP_THRESHOLD, largest);
#else
    (void)arenas;
    (void)largest;
    return 0;
#endif
}
