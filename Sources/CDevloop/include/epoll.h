// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>

/// Many sockets that are waited for by one descriptor (epoll(7)). Results below 0 are -errno.
int dl_epoll_make(void);

enum { DL_EPOLL_READ = 1, DL_EPOLL_WRITE = 2 };

/// Waits once for a socket to be readable, writable, broken or ended. `token` comes back when it is. A socket that was
/// waited for before must be known as such.
int dl_epoll_watch(int epoll, int socket, uint64_t token, int wanted, int is_known);

/// Forgets a socket, before it is closed.
void dl_epoll_forget(int epoll, int socket);

enum { DL_EPOLL_MOST = 64 };

/// The tokens of at most DL_EPOLL_MOST sockets that are ready, without waiting; how many. Others come the next time.
int dl_epoll_take(int epoll, uint64_t *tokens);
