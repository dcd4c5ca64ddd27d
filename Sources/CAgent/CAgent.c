// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE 1
#include "CAgent.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define RESULT(call) ({ long result_; do { result_ = (call); } while (result_ < 0 && errno == EINTR); \
    result_ < 0 ? -(long)errno : result_; })

static void fill(dl_file_info *info, const struct stat *found) {
    info->mode = found->st_mode;
    info->size = (uint64_t)found->st_size;
    info->device = (uint64_t)found->st_dev;
    info->inode = (uint64_t)found->st_ino;
}

int dl_kind(uint32_t mode) {
    if (S_ISLNK(mode)) return DL_LINK;
    if (S_ISDIR(mode)) return DL_FOLDER;
    return S_ISREG(mode) ? DL_FILE : DL_OTHER;
}

int dl_open_folder(const char *path) { return RESULT(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)); }

int dl_open_folder_in(int dir, const char *name) {
    return RESULT(openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

int dl_make_folder(int dir, const char *name) {
    int result = RESULT(mkdirat(dir, name, 0755));
    if (result == 0) fchmodat(dir, name, 0755, 0);   // whatever the umask is
    return result;
}

int dl_create(int dir, const char *name) {
    return RESULT(openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
}

int dl_open_file(int dir, const char *name) {
    return RESULT(openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

int dl_open_again(int dir, const char *name) {
    return RESULT(openat(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

int dl_seek(int fd, uint64_t offset) {
    return lseek(fd, (off_t)offset, SEEK_SET) < 0 ? -errno : 0;
}

int dl_cut(int fd, uint64_t size) { return RESULT(ftruncate(fd, (off_t)size)); }

int dl_info(int dir, const char *name, dl_file_info *info) {
    struct stat found;
    int result = RESULT(fstatat(dir, name, &found, AT_SYMLINK_NOFOLLOW));
    if (result == 0) fill(info, &found);
    return result;
}

int dl_info_of(int fd, dl_file_info *info) {
    struct stat found;
    int result = RESULT(fstat(fd, &found));
    if (result == 0) fill(info, &found);
    return result;
}

static void program_path(int pid, char *buffer, size_t size) {
    if (pid == 0) snprintf(buffer, size, "/proc/self/exe");
    else snprintf(buffer, size, "/proc/%d/exe", pid);
}

int dl_info_of_program(int pid, dl_file_info *info) {
    char path[40];
    struct stat found;
    program_path(pid, path, sizeof path);
    int result = RESULT(stat(path, &found));
    if (result == 0) fill(info, &found);
    return result;
}

int dl_open_program(int pid) {
    char path[40];
    program_path(pid, path, sizeof path);
    return RESULT(open(path, O_RDONLY | O_CLOEXEC));
}

int dl_set_mode(int fd, uint32_t mode) { return RESULT(fchmod(fd, mode)); }

int dl_take_after(int fd, int other) {
    struct stat found;
    int result = RESULT(fstat(other, &found));
    if (result != 0) return result;
    if (fchown(fd, found.st_uid, found.st_gid) != 0) { }   // only root may give a file away
    return RESULT(fchmod(fd, found.st_mode & 07777));
}

int dl_rename(int from, const char *name, int to, const char *new_name) {
    return RESULT(renameat(from, name, to, new_name));
}

int dl_exchange(int from, const char *name, int to, const char *new_name) {
    return RESULT(renameat2(from, name, to, new_name, RENAME_EXCHANGE));
}

int dl_unlink(int dir, const char *name) { return RESULT(unlinkat(dir, name, 0)); }
int dl_remove_folder(int dir, const char *name) { return RESULT(unlinkat(dir, name, AT_REMOVEDIR)); }

int dl_clear_folder(int dir) {
    int fd = RESULT(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd < 0) return fd;
    DIR *stream = fdopendir(fd);
    if (stream == NULL) {
        int error = errno;
        close(fd);
        return -error;
    }
    struct dirent *entry;
    while ((entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) unlinkat(dir, entry->d_name, 0);
    }
    closedir(stream);
    return 0;
}

int dl_make_link(int dir, const char *name, const char *target) { return RESULT(symlinkat(target, dir, name)); }

long dl_read_link(int dir, const char *name, void *bytes, size_t count) {
    return RESULT(readlinkat(dir, name, bytes, count));
}

int dl_open_path(const char *path) { return RESULT(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)); }

void *dl_list_begin(int dir) {
    int fd = (int)RESULT(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd < 0) return NULL;
    DIR *list = fdopendir(fd);
    if (list == NULL) close(fd);
    return list;
}

const char *dl_list_next(void *list) {
    struct dirent *entry;
    while ((entry = readdir(list)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) return entry->d_name;
    }
    return NULL;
}

void dl_list_end(void *list) { closedir(list); }
int dl_last_error(void) { return errno; }

int dl_reserve(int fd, uint64_t size) {
    int result = RESULT(fallocate(fd, 0, 0, (off_t)size));
    return result == -EOPNOTSUPP || result == -ENOSYS || result == -EINVAL ? 0 : result;
}

int dl_lock(int fd) { return RESULT(flock(fd, LOCK_EX | LOCK_NB)); }

int dl_write_all(int fd, const void *bytes, size_t count) {
    const char *next = bytes;
    while (count > 0) {
        long written = RESULT(write(fd, next, count));
        if (written < 0) return (int)written;
        next += written;
        count -= (size_t)written;
    }
    return 0;
}

long dl_read(int fd, void *bytes, size_t count) { return RESULT(read(fd, bytes, count)); }
long dl_write_some(int fd, const void *bytes, size_t count) { return RESULT(write(fd, bytes, count)); }

long dl_read_at(int fd, void *bytes, size_t count, uint64_t offset) {
    return RESULT(pread(fd, bytes, count, (off_t)offset));
}

int dl_close(int fd) { return close(fd) < 0 ? -errno : 0; }

uint64_t dl_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

int dl_machine(char *buffer, size_t size) {
    struct utsname name;
    if (uname(&name) < 0 || size == 0) return 0;
    size_t length = strnlen(name.machine, size - 1);
    memcpy(buffer, name.machine, length);
    buffer[length] = 0;
    return (int)length;
}

int dl_pid(void) { return getpid(); }
uint32_t dl_uid(void) { return getuid(); }
uint32_t dl_gid(void) { return getgid(); }

size_t dl_error_text(int error, char *buffer, size_t size) {
    const char *text = strerrordesc_np(error);
    if (text == NULL) text = "unknown error";
    size_t length = strnlen(text, size);
    memcpy(buffer, text, length);
    return length;
}

_Noreturn void dl_exit(int code) { _exit(code); }
