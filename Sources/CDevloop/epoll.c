// SPDX-License-Identifier: Apache-2.0
#include "epoll.h"

#include <errno.h>
#include <sys/epoll.h>

int dl_epoll_make(void) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    return epoll < 0 ? -errno : epoll;
}

int dl_epoll_watch(int epoll, int socket, uint64_t token, int wanted, int is_known) {
    struct epoll_event event = {.events = EPOLLONESHOT, .data.u64 = token};
    if (wanted & DL_EPOLL_READ) event.events |= EPOLLIN;
    if (wanted & DL_EPOLL_WRITE) event.events |= EPOLLOUT;
    return epoll_ctl(epoll, is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) < 0 ? -errno : 0;
}

void dl_epoll_forget(int epoll, int socket) {
    struct epoll_event none = {.events = 0};
    epoll_ctl(epoll, EPOLL_CTL_DEL, socket, &none);
}

int dl_epoll_take(int epoll, uint64_t *tokens) {
    struct epoll_event events[DL_EPOLL_MOST];
    int count = epoll_wait(epoll, events, DL_EPOLL_MOST, 0);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int index = 0; index < count; index++) tokens[index] = events[index].data.u64;
    return count;
}
