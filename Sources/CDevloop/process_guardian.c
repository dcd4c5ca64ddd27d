// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/// More children than this at one time are not guarded; devloop runs a few dozen.
#define MAXIMUM_SESSIONS 4096

struct note {
    int32_t session;
    int32_t begun;
};

static int32_t sessions[MAXIMUM_SESSIONS];

static void remember(struct note note) {
    int vacant = -1;
    for (int i = 0; i < MAXIMUM_SESSIONS; i++) {
        if (sessions[i] == note.session) {
            if (!note.begun) sessions[i] = 0;
            return;
        }
        if (sessions[i] == 0 && vacant < 0) vacant = i;
    }
    if (note.begun && vacant >= 0) sessions[vacant] = note.session;
}

/// Signals every noted session; the number of processes that still run.
static int signal_all(int signal) {
    int running = 0;
    for (int i = 0; i < MAXIMUM_SESSIONS; i++) {
        if (sessions[i] > 0) running += dl_session_signal(sessions[i], signal);
    }
    return running;
}

static _Noreturn void guard(int socket) {
    struct timespec pause = {.tv_sec = 0, .tv_nsec = 20 * 1000 * 1000};
    struct note note;
    ssize_t count;
    while ((count = recv(socket, &note, sizeof note, 0)) != 0) {
        if (count == (ssize_t)sizeof note) remember(note);
        if (count < 0 && errno != EINTR) break;
    }
    if (signal_all(SIGTERM) > 0) {
        for (int round = 0; round < 100 && signal_all(0) > 0; round++) nanosleep(&pause, NULL);
        for (int round = 0; round < 50 && signal_all(SIGKILL) > 0; round++) nanosleep(&pause, NULL);
    }
    _exit(0);
}

int dl_guardian_start(pid_t *pid) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -1;
    pid_t child = fork();
    if (child < 0) {
        int failure = errno;
        close(ends[0]);
        close(ends[1]);
        errno = failure;
        return -1;
    }
    if (child == 0) {
        // Only async-signal-safe calls from here on: other threads of devloop may have held any lock.
        setsid();
        struct sigaction plain;
        memset(&plain, 0, sizeof plain);
        plain.sa_handler = SIG_IGN;
        for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &plain, NULL);
        prctl(PR_SET_NAME, "devloop-guard");
        int ignored = chdir("/");
        (void)ignored;
        // It must hold open neither the terminal nor a pipe that somebody waits on.
        int socket = fcntl(ends[1], F_DUPFD, 16);
        int null = open("/dev/null", O_RDWR);
        if (socket < 0 || null < 0) _exit(1);
        for (int stdio = 0; stdio < 3; stdio++) dup2(null, stdio);
        syscall(SYS_close_range, 3U, (unsigned)socket - 1, 0U);
        syscall(SYS_close_range, (unsigned)socket + 1, ~0U, 0U);
        guard(socket);
    }
    close(ends[1]);
    *pid = child;
    return ends[0];
}

int dl_guardian_note(int guardian, pid_t session, int begun) {
    struct note note = {.session = session, .begun = begun};
    return send(guardian, &note, sizeof note, MSG_NOSIGNAL) == (ssize_t)sizeof note ? 0 : -1;
}
