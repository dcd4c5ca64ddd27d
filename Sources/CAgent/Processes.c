// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE 1
#include "CAgent.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static int argument_count;
static char **argument_values;

// The C library hands main's arguments to constructors too; Embedded Swift has no CommandLine.
__attribute__((constructor)) static void remember_arguments(int count, char **values) {
    argument_count = count;
    argument_values = values;
}

const char *dl_argument(int index) {
    return index >= 0 && index < argument_count ? argument_values[index] : NULL;
}

int dl_signals(void) {
    static const int handled[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD};
    sigset_t set;
    sigemptyset(&set);
    for (size_t index = 0; index < sizeof handled / sizeof handled[0]; index++) sigaddset(&set, handled[index]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -errno;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int dl_next_signal(int fd) {
    struct signalfd_siginfo info;
    ssize_t count = read(fd, &info, sizeof info);
    return count == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

int dl_become_reaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0; }

static struct rlimit given_files;

// A set of thousands of files holds as many folders open until it is in place.
void dl_raise_files(void) {
    if (getrlimit(RLIMIT_NOFILE, &given_files) < 0) return;
    struct rlimit raised = given_files;
    raised.rlim_cur = raised.rlim_max < (1 << 20) ? raised.rlim_max : (1 << 20);
    if (raised.rlim_cur > given_files.rlim_cur) setrlimit(RLIMIT_NOFILE, &raised);
}

// Tries each folder of PATH. Memory is the parent's (vfork): only locals are written.
static int execute(const char *file, char *const *arguments) {
    if (strchr(file, '/') != NULL) {
        execv(file, arguments);
        return errno;
    }
    const char *path = getenv("PATH");
    if (path == NULL) path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    int error = ENOENT;
    size_t name = strlen(file);
    while (*path != 0) {
        size_t length = strcspn(path, ":");
        char candidate[4096];
        if (length > 0 && length + name + 2 <= sizeof candidate) {
            memcpy(candidate, path, length);
            candidate[length] = '/';
            memcpy(candidate + length + 1, file, name + 1);
            execv(candidate, arguments);
            if (errno != ENOENT && errno != ENOTDIR) error = errno;
        }
        path += length;
        if (*path == ':') path++;
    }
    return error;
}

int dl_spawn(const char *file, char *const *arguments, int quiet, int foreground) {
    volatile int error = 0;
    pid_t pid = vfork();
    if (pid < 0) return -errno;
    if (pid == 0) {
        setpgid(0, 0);
        // In a container all ends with PID 1; where the agent is not PID 1, the app goes with it as well.
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (foreground && isatty(0)) tcsetpgrp(0, getpid());
        if (quiet) {
            int null = open("/dev/null", O_RDWR);
            if (null >= 0) {
                dup2(null, 0);
                dup2(null, 1);
                dup2(null, 2);
                if (null > 2) close(null);
            }
        }
        signal(SIGPIPE, SIG_DFL);
        signal(SIGTTOU, SIG_DFL);
        if (given_files.rlim_max > 0) setrlimit(RLIMIT_NOFILE, &given_files);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        error = execute(file, arguments);
        _exit(127);
    }
    if (error != 0) {
        int status;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
        return -error;
    }
    return pid;
}

int dl_reap(int *status) {
    pid_t pid = waitpid(-1, status, WNOHANG);
    return pid < 0 ? 0 : pid;
}

int dl_exit_code(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }
int dl_exit_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
int dl_kill(int pid, int signal) { return kill(pid, signal) < 0 ? -errno : 0; }
int dl_kill_group(int group, int signal) { return kill(-group, signal) < 0 ? -errno : 0; }
