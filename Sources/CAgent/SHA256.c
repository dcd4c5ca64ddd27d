// SPDX-License-Identifier: Apache-2.0
// The context API needs no allocation and no error handling; OpenSSL 3 only marks it as old.
#define OPENSSL_SUPPRESS_DEPRECATED 1
#include "CAgent.h"
#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(dl_sha256), "the context fits");

void dl_sha256_begin(dl_sha256 *hash) { SHA256_Init((SHA256_CTX *)hash); }
void dl_sha256_add(dl_sha256 *hash, const void *bytes, size_t count) {
    if (count > 0) SHA256_Update((SHA256_CTX *)hash, bytes, count);
}
void dl_sha256_end(dl_sha256 *hash, uint8_t *digest) { SHA256_Final(digest, (SHA256_CTX *)hash); }
