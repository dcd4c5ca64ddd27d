// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "inotify.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

int dl_watch_open(void) { return inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }

int dl_watch_directory(int descriptor, const char *path) {
    // IN_MODIFY beside IN_CLOSE_WRITE: a writer that keeps the file open (a log, an editor in place) is seen as well.
    uint32_t mask = IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO |
                    IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;
    return inotify_add_watch(descriptor, path, mask);
}

void dl_watch_remove(int descriptor, int watch) { inotify_rm_watch(descriptor, watch); }

long dl_watch_read(int descriptor, void *buffer, size_t size) {
    ssize_t count;
    do {
        count = read(descriptor, buffer, size);
    } while (count < 0 && errno == EINTR);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
    return count;
}

int dl_watch_next(const void *buffer, size_t length, size_t *offset, struct dl_watch_event *event) {
    if (*offset + sizeof(struct inotify_event) > length) return 0;
    const struct inotify_event *raw = (const struct inotify_event *)((const char *)buffer + *offset);
    *offset += sizeof *raw + raw->len;
    uint32_t mask = 0;
    if (raw->mask & (IN_CREATE | IN_MOVED_TO)) mask |= DL_WATCH_CREATED;
    if (raw->mask & IN_MODIFY) mask |= DL_WATCH_WRITTEN;
    if (raw->mask & IN_CLOSE_WRITE) mask |= DL_WATCH_CLOSED;
    if (raw->mask & IN_ATTRIB) mask |= DL_WATCH_ATTRIBUTES;
    if (raw->mask & (IN_DELETE | IN_MOVED_FROM)) mask |= DL_WATCH_REMOVED;
    if (raw->mask & IN_ISDIR) mask |= DL_WATCH_IS_DIRECTORY;
    if (raw->mask & (IN_IGNORED | IN_DELETE_SELF | IN_UNMOUNT)) mask |= DL_WATCH_ENDED;
    if (raw->mask & IN_MOVE_SELF) mask |= DL_WATCH_SELF_MOVED;
    if (raw->mask & IN_Q_OVERFLOW) mask |= DL_WATCH_OVERFLOW;
    event->watch = raw->wd;
    event->mask = mask;
    event->cookie = raw->cookie;
    event->name = raw->len > 0 ? raw->name : "";
    return 1;
}
