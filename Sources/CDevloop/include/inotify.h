// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stddef.h>
#include <stdint.h>

/// One event of an inotify descriptor, taken out of its packed form.
struct dl_watch_event {
    /// The watch, or -1 when the kernel's queue has overflowed.
    int32_t watch;
    uint32_t mask;
    uint32_t cookie;
    /// Name within the watched directory, NUL-terminated, in the caller's buffer; empty for the directory itself.
    const char *name;
};

/// A close-on-exec, non-blocking inotify descriptor, or -1 with errno.
int dl_watch_open(void);

/// Watches a directory for everything that can change a file below it. Returns the watch, or -1 with errno (ENOSPC: the
/// limit fs.inotify.max_user_watches is reached). A root may be a
/// symbolic link; below it the caller follows none.
int dl_watch_directory(int descriptor, const char *path);

/// Ends a watch.
void dl_watch_remove(int descriptor, int watch);

/// Reads waiting events into `buffer` (8-byte aligned, at least 4096 bytes); bytes read, 0 when none wait, -1 with errno.
long dl_watch_read(int descriptor, void *buffer, size_t size);

/// Takes the event at `*offset` and moves the offset behind it; 0 when `length` is used up.
int dl_watch_next(const void *buffer, size_t length, size_t *offset, struct dl_watch_event *event);

enum {
    DL_WATCH_CREATED = 1,
    /// Bytes were written, or the file was cut; DL_WATCH_CLOSED follows when the writer is done.
    DL_WATCH_WRITTEN = 2,
    DL_WATCH_REMOVED = 4,
    DL_WATCH_IS_DIRECTORY = 8,
    /// The watch itself has ended: its directory is gone or was moved away.
    DL_WATCH_ENDED = 16,
    DL_WATCH_OVERFLOW = 32,
    /// The watched directory itself was moved; its new place is not known.
    DL_WATCH_SELF_MOVED = 64,
    /// A writer has closed the file.
    DL_WATCH_CLOSED = 128,
    /// Times or modes have changed.
    DL_WATCH_ATTRIBUTES = 256,
};
