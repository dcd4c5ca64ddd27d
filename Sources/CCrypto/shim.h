// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one-shot context API needs no allocation and no error handling; OpenSSL 3 only marks it as old.
#define OPENSSL_SUPPRESS_DEPRECATED 1
#include <openssl/sha.h>

static inline void dl_sha256_init(SHA256_CTX *context) { SHA256_Init(context); }
static inline void dl_sha256_update(SHA256_CTX *context, const void *bytes, size_t count) {
    if (count > 0) SHA256_Update(context, bytes, count);
}
static inline void dl_sha256_final(unsigned char *digest, SHA256_CTX *context) { SHA256_Final(digest, context); }
