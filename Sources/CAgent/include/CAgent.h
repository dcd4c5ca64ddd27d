// SPDX-License-Identifier: Apache-2.0
#pragma once
// System calls for the agent, which has no Glibc module. Results are >= 0, or -errno; nothing is left in errno.
#include <poll.h>
#include <stddef.h>
#include <stdint.h>

// Files. A `dir` is a descriptor of a folder; names have no slash unless said otherwise.
typedef struct {
    uint32_t mode;   // st_mode
    uint64_t size;
    uint64_t device;
    uint64_t inode;
} dl_file_info;

enum { DL_LINK = 1, DL_FOLDER = 2, DL_FILE = 3, DL_OTHER = 4 };

int dl_kind(uint32_t mode);
int dl_open_folder(const char *path);                     // follows links; any path
int dl_open_folder_in(int dir, const char *name);         // does not follow a link
int dl_make_folder(int dir, const char *name);
int dl_create(int dir, const char *name);                 // new, 0600, for reading and writing
int dl_open_again(int dir, const char *name);             // for reading and writing; does not follow a link
int dl_seek(int fd, uint64_t offset);                     // where the next write goes
int dl_cut(int fd, uint64_t size);                        // nothing is left after so many bytes
int dl_open_file(int dir, const char *name);              // for reading; does not follow a link
int dl_info(int dir, const char *name, dl_file_info *info);   // of the link itself
int dl_info_of(int fd, dl_file_info *info);
int dl_info_of_program(int pid, dl_file_info *info);      // of /proc/PID/exe
int dl_open_program(int pid);                             // /proc/PID/exe, 0 for this process
int dl_set_mode(int fd, uint32_t mode);
int dl_take_after(int fd, int other);                     // mode of the other one, and its owner where that is allowed
int dl_rename(int from, const char *name, int to, const char *new_name);
int dl_exchange(int from, const char *name, int to, const char *new_name);
int dl_unlink(int dir, const char *name);
int dl_remove_folder(int dir, const char *name);
int dl_clear_folder(int dir);                             // unlinks the files in it
int dl_make_link(int dir, const char *name, const char *target);
long dl_read_link(int dir, const char *name, void *bytes, size_t count);   // its length
int dl_open_path(const char *path);                       // for reading; follows links, never waits
void *dl_list_begin(int dir);                             // the names in a folder; NULL when it cannot be read
const char *dl_list_next(void *list);                     // NULL after the last
void dl_list_end(void *list);
int dl_last_error(void);                                  // of dl_list_begin
int dl_reserve(int fd, uint64_t size);                    // 0 also where the file system cannot reserve
int dl_lock(int fd);                                      // exclusive, without waiting
int dl_write_all(int fd, const void *bytes, size_t count);
long dl_read(int fd, void *bytes, size_t count);
long dl_read_at(int fd, void *bytes, size_t count, uint64_t offset);
int dl_close(int fd);

// Sockets
int dl_listen(int dir, const char *name);                 // 0600, non-blocking
int dl_connect(const char *path);
int dl_accept(int fd);
long dl_send(int fd, const void *bytes, size_t count);    // never blocks, no SIGPIPE
long dl_receive(int fd, void *bytes, size_t count);       // never blocks
int dl_send_pair(int fd, int first, int second);           // one byte, and two descriptors with it
long dl_receive_pair(int fd, int *first, int *second);     // bytes, 0 at the end; never blocks; -1 for no descriptor
void dl_widen_pipe(int fd, int size);                     // as far as the kernel lets us; nothing for no pipe
uint32_t dl_own_address(void);                            // first IPv4 address that is not loopback, 0 for none
int dl_connect_tcp(uint32_t address, uint16_t port);      // non-blocking; address 0 is loopback
int dl_connect_result(int fd);
int dl_set_nonblocking(int fd);
long dl_write_some(int fd, const void *bytes, size_t count);

// Processes and signals
int dl_signals(void);                                     // blocks what the agent handles; the signalfd
int dl_next_signal(int fd);                               // its number, 0 when there is none
int dl_become_reaper(void);
void dl_raise_files(void);                                // as many open files as allowed; programs get what we had
int dl_spawn(const char *file, char *const *arguments, int quiet, int foreground);   // pid; own process group
int dl_reap(int *status);                                 // pid, 0 when there is none
int dl_exit_code(int status);                             // 128 + n for signal n
int dl_exit_signal(int status);
int dl_kill(int pid, int signal);
int dl_kill_group(int group, int signal);

// The rest
uint64_t dl_now_us(void);                                 // monotonic
int dl_machine(char *buffer, size_t size);                // length of uname's machine
const char *dl_argument(int index);                       // of this program; NULL after the last
int dl_pid(void);
uint32_t dl_uid(void);
uint32_t dl_gid(void);
size_t dl_error_text(int error, char *buffer, size_t size);
_Noreturn void dl_exit(int code);

// SHA-256 by libcrypto, which takes the processor's own instructions where it has them.
typedef struct { uint64_t words[16]; } dl_sha256;
void dl_sha256_begin(dl_sha256 *hash);
void dl_sha256_add(dl_sha256 *hash, const void *bytes, size_t count);
void dl_sha256_end(dl_sha256 *hash, uint8_t *digest);

// Numbers of errno and signals that Swift code names.
enum {
    DL_EPERM = 1, DL_ENOENT = 2, DL_ECONNREFUSED = 111, DL_EAGAIN = 11, DL_EACCES = 13, DL_EEXIST = 17, DL_ENOTDIR = 20, DL_EISDIR = 21, DL_EINVAL = 22,
    DL_ENOSPC = 28, DL_EROFS = 30, DL_ENOTEMPTY = 39, DL_ELOOP = 40,
    DL_SIGHUP = 1, DL_SIGINT = 2, DL_SIGQUIT = 3, DL_SIGKILL = 9, DL_SIGUSR1 = 10, DL_SIGUSR2 = 12, DL_SIGTERM = 15,
    DL_SIGCHLD = 17,
};
