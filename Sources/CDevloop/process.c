// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/// Descriptors are first moved above this, so that putting one in its place cannot overwrite another.
#define ABOVE_STDIO 16

static int move_up(int descriptor) { return fcntl(descriptor, F_DUPFD, ABOVE_STDIO); }

int dl_spawn(
    const char *path, char *const *arguments, char *const *environment, const char *directory, int input, int output,
    int error, int death_signal, pid_t *pid, int *in_directory) {
    // The child shares our memory until exec (vfork), so these are how it reports; nothing else is written by it.
    volatile int failure = 0;
    volatile int at_directory = 0;
    pid_t parent = getpid();

    // No handler of ours may run in the child while it shares our memory.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = vfork();
    if (child == 0) {
        struct sigaction plain;
        memset(&plain, 0, sizeof plain);
        plain.sa_handler = SIG_DFL;
        for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &plain, NULL);

        setsid();
        prctl(PR_SET_PDEATHSIG, death_signal);
        if (getppid() != parent) _exit(127);

        int in = move_up(input), out = move_up(output), err = move_up(error);
        if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) {
            failure = errno;
            _exit(127);
        }
        syscall(SYS_close_range, 3U, ~0U, 0U);
        if (directory != NULL && chdir(directory) < 0) {
            failure = errno;
            at_directory = 1;
            _exit(127);
        }
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(path, arguments, environment);
        failure = errno;
        _exit(127);
    }
    int spawn_error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (child < 0) return spawn_error;
    if (failure != 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
        *in_directory = at_directory;
        return failure;
    }
    *pid = child;
    return 0;
}

int dl_pidfd(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0U); }

int dl_reap(pid_t pid, int *exit_code, int *signal) {
    int status = 0;
    pid_t found;
    do {
        found = waitpid(pid, &status, WNOHANG);
    } while (found < 0 && errno == EINTR);
    if (found == 0) return 0;
    if (found < 0) return -1;
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    *signal = WIFSIGNALED(status) ? WTERMSIG(status) : -1;
    return 1;
}

struct stat_line {
    char state;
    pid_t group;
    pid_t session;
};

/// Reads state, group and session of a process from /proc; 0 when it is gone.
static int read_stat(const char *pid, struct stat_line *line) {
    char path[64] = "/proc/";
    char text[512];
    if (strlen(pid) > 16) return 0;
    strcat(strcat(path, pid), "/stat");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return 0;
    text[count] = 0;
    // The name is in parentheses and may hold anything, so the fields start after the last one.
    const char *rest = strrchr(text, ')');
    if (rest == NULL || strlen(rest) < 4) return 0;
    line->state = rest[2];
    char *end;
    strtol(rest + 3, &end, 10);
    line->group = (pid_t)strtol(end, &end, 10);
    line->session = (pid_t)strtol(end, &end, 10);
    return 1;
}

struct directory_entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

int dl_session_signal(pid_t session, int signal) {
    // getdents64 and not opendir: this also runs in the guardian, a fork of a threaded process, where malloc is barred.
    _Alignas(8) char buffer[8192];
    int running = 0;
    pid_t last_group = 0;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) return 0;
    long count;
    while ((count = syscall(SYS_getdents64, proc, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < count;) {
            struct directory_entry *entry = (struct directory_entry *)(buffer + at);
            at += entry->length;
            struct stat_line line;
            if (entry->name[0] < '1' || entry->name[0] > '9' || !read_stat(entry->name, &line)) continue;
            if (line.session != session || line.state == 'Z' || line.state == 'X') continue;
            running++;
            if (signal == 0) continue;
            // A group is signalled whole, so that a child born between the scan and the signal is hit as well.
            if (line.group != last_group) kill(-line.group, signal);
            last_group = line.group;
            kill((pid_t)atoi(entry->name), signal == SIGKILL ? SIGKILL : 0);
        }
    }
    close(proc);
    return running;
}

struct thread_start {
    void (*body)(void *);
    void *context;
    char name[16];
};

static void *run_thread(void *argument) {
    struct thread_start start = *(struct thread_start *)argument;
    free(argument);
    pthread_setname_np(pthread_self(), start.name);
    start.body(start.context);
    return NULL;
}

int dl_thread_start(const char *name, void (*body)(void *context), void *context) {
    struct thread_start *start = calloc(1, sizeof *start);
    if (start == NULL) return ENOMEM;
    start->body = body;
    start->context = context;
    strncpy(start->name, name, sizeof start->name - 1);

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 512 * 1024);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int result = pthread_create(&thread, &attributes, run_thread, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (result != 0) free(start);
    return result;
}

char **dl_environment(void) { return environ; }

int dl_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int dl_wake_open(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void dl_wake(int wake) {
    uint64_t one = 1;
    ssize_t ignored = write(wake, &one, sizeof one);
    (void)ignored;
}

void dl_wake_clear(int wake) {
    uint64_t value;
    ssize_t ignored = read(wake, &value, sizeof value);
    (void)ignored;
}
