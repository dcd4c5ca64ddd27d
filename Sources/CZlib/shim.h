// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <zlib.h>

// The initialisers of zlib are macros, which Swift does not see. 15 is the largest window; 16 more asks for gzip's
// header and trailer.
static inline int dl_deflate_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

static inline int dl_inflate_init(z_stream *stream) {
    return inflateInit2(stream, 15 + 16);
}
