// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

// Children of devloop. Each is the leader of its own session, so that everything it starts can be found and ended,
// even after compilers have been put into process groups of their own (llbuild does that) or lost their parent.

/// Starts `path` as the leader of a new session, with default signal handlers and no descriptor but the three given.
/// `directory` may be NULL. The kernel sends `death_signal` to the child when the *calling thread* ends, so the thread
/// must outlive the child. Returns 0, or an errno; `*in_directory` is then 1 if the directory was at fault.
int dl_spawn(
    const char *path, char *const *arguments, char *const *environment, const char *directory, int input, int output,
    int error, int death_signal, pid_t *pid, int *in_directory);

/// A descriptor that becomes readable when the process has ended, or -1 (a kernel before 5.3).
int dl_pidfd(pid_t pid);

/// Collects an ended child: 1 when it has ended, 0 when it still runs, -1 when it is not our child. On 1 exactly one of
/// the results is set; the other is -1.
int dl_reap(pid_t pid, int *exit_code, int *signal);

/// Sends a signal (0: none) to every process group of a session. Returns the number of its processes that still run;
/// zombies do not count. Safe after fork.
int dl_session_signal(pid_t session, int signal);

/// Starts the guardian: a process that waits until the other end of the returned socket closes, that is until devloop
/// has ended in whatever way, and then ends the sessions that were noted with dl_guardian_note: TERM, two seconds, KILL.
/// Returns the socket or -1 with errno.
int dl_guardian_start(pid_t *pid);

/// Tells the guardian that a session has begun (1) or ended (0). Returns 0, or -1 when the guardian is gone.
int dl_guardian_note(int guardian, pid_t session, int begun);

/// Runs `body(context)` on a new detached thread that takes no signals. Returns 0 or an errno.
int dl_thread_start(const char *name, void (*body)(void *context), void *context);

/// The environment of this process, NULL-terminated; NULL when it was cleared.
char **dl_environment(void);

/// A close-on-exec pipe: read end, write end. Returns 0 or -1 with errno.
int dl_pipe(int ends[2]);

/// A close-on-exec, non-blocking eventfd: `dl_wake` makes it readable, `dl_wake_clear` makes it unreadable again.
int dl_wake_open(void);
void dl_wake(int wake);
void dl_wake_clear(int wake);
