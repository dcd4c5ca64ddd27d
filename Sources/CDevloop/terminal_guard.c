// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "terminal_guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { text_size = 512, alternate_stack_size = 64 * 1024 };

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGSYS, SIGQUIT};
enum { fatal_count = sizeof fatal_signals / sizeof fatal_signals[0] };

static struct sigaction previous_fatal[fatal_count];
static struct termios saved_attributes;
static char restore_text[text_size];
static size_t restore_length;
static char notice_text[text_size];
static size_t notice_length;
static int tty = -1;
static int saved_stderr = -1;
static pid_t owner;
static volatile sig_atomic_t armed;
static int exit_hook_registered;

static void write_all(int fd, const char *text, size_t length) {
    while (length > 0) {
        ssize_t count = write(fd, text, length);
        if (count < 0) {
            if (errno == EINTR) continue;
            return;
        }
        text += count;
        length -= (size_t)count;
    }
}

// A child between fork and exec has these handlers too, and must not touch the terminal of its parent.
static int take_back_terminal(void) {
    if (!armed || getpid() != owner) return 0;
    armed = 0;
    write_all(tty, restore_text, restore_length);
    tcsetattr(tty, TCSANOW, &saved_attributes);
    return 1;
}

static void on_fatal(int signal_number, siginfo_t *info, void *context) {
    (void)context;
    int saved_errno = errno;
    if (take_back_terminal()) {
        if (saved_stderr >= 0) dup2(saved_stderr, STDERR_FILENO);
        write_all(tty, notice_text, notice_length);
    }
    for (int i = 0; i < fatal_count; i++) {
        if (fatal_signals[i] == signal_number) sigaction(signal_number, &previous_fatal[i], NULL);
    }
    // A fault repeats itself when the instruction runs again, and the next handler then sees its address. What another
    // process or abort() sent does not repeat, nor does a breakpoint: the program counter is past it.
    if (info->si_code <= 0 || signal_number == SIGTRAP) raise(signal_number);
    errno = saved_errno;
}

static void on_exit_hook(void) { take_back_terminal(); }

int devloop_guard_arm(int fd, int error_fd, const char *restore, size_t length, const char *notice, size_t notice_len) {
    if (length > text_size || notice_len > text_size) return -1;
    if (tcgetattr(fd, &saved_attributes) != 0) return -1;
    memcpy(restore_text, restore, length);
    restore_length = length;
    memcpy(notice_text, notice, notice_len);
    notice_length = notice_len;
    tty = fd;
    saved_stderr = error_fd;
    owner = getpid();
    if (!exit_hook_registered) exit_hook_registered = atexit(on_exit_hook) == 0;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fatal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    // Everything is blocked meanwhile; with TTOU blocked, tcsetattr works from the background too.
    sigfillset(&action.sa_mask);
    for (int i = 0; i < fatal_count; i++) sigaction(fatal_signals[i], &action, &previous_fatal[i]);
    armed = 1;
    return 0;
}

void devloop_guard_disarm(void) {
    if (!armed) return;
    armed = 0;
    for (int i = 0; i < fatal_count; i++) sigaction(fatal_signals[i], &previous_fatal[i], NULL);
}

static __thread void *thread_stack;

void devloop_guard_thread_begin(void) {
    // Worker threads of the concurrency library block most signals, and a new thread inherits that. Here the stop
    // signal must work, and a fault must reach its handler.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTSTP);
    sigaddset(&signals, SIGWINCH);
    sigaddset(&signals, SIGCONT);
    for (int i = 0; i < fatal_count; i++) sigaddset(&signals, fatal_signals[i]);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    stack_t current;
    if (sigaltstack(NULL, &current) == 0 && !(current.ss_flags & SS_DISABLE)) return;
    thread_stack = malloc(alternate_stack_size);
    if (!thread_stack) return;
    stack_t stack = {.ss_sp = thread_stack, .ss_size = alternate_stack_size, .ss_flags = 0};
    if (sigaltstack(&stack, NULL) != 0) {
        free(thread_stack);
        thread_stack = NULL;
    }
}

void devloop_guard_thread_end(void) {
    if (!thread_stack) return;
    stack_t stack = {.ss_sp = NULL, .ss_size = 0, .ss_flags = SS_DISABLE};
    sigaltstack(&stack, NULL);
    free(thread_stack);
    thread_stack = NULL;
}
