// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stddef.h>

/// Remembers the terminal's attributes as they are now, copies the texts, and takes over the signals that end a process
/// by a fault (SEGV, BUS, ILL, TRAP, FPE, ABRT, SYS) and QUIT.
///
/// When one arrives, or at `exit`, `restore` is written and the attributes are set back; after a fault `notice` is
/// written too and `saved_stderr` becomes standard error again. Then the handler that was there before gets the signal,
/// so that Swift's backtrace still works. Only async-signal-safe calls are made.
/// Returns 0, or -1 when a text is too long or `tty` is no terminal.
int devloop_guard_arm(int tty, int saved_stderr, const char *restore, size_t restore_length, const char *notice,
                      size_t notice_length);

/// Gives the signals back. The terminal is left alone.
void devloop_guard_disarm(void);

/// Gives the calling thread an alternate signal stack, so that an overflow of its stack is handled too; a stack that is
/// there already stays. Also unblocks the signals that this file is about: threads inherit them as blocked.
void devloop_guard_thread_begin(void);
/// Takes that stack away before the thread ends.
void devloop_guard_thread_end(void);

/// Makes WINCH, TSTP and CONT write the byte 'W', 'Z' or 'C' to `wake`, which must not block.
void devloop_job_signals_install(int wake);
/// Gives these signals back.
void devloop_job_signals_restore(void);
/// Stops the process as the shell expects of Ctrl-Z; returns when it is continued, with the handlers in place again.
void devloop_stop_self(void);

/// Keeps the dispositions of INT and TERM, which ncurses replaces when they are the default ones.
void devloop_keep_interrupts(void);
/// Sets them back.
void devloop_return_interrupts(void);
