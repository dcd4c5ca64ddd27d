// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "terminal_guard.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int wake_fd = -1;
static struct sigaction previous_winch, previous_tstp, previous_cont;
static struct sigaction kept_int, kept_term;

static void on_job_signal(int signal_number) {
    int saved_errno = errno;
    char byte = signal_number == SIGWINCH ? 'W' : signal_number == SIGTSTP ? 'Z' : 'C';
    // A full pipe means that the reader is about to wake up anyway.
    ssize_t ignored = write(wake_fd, &byte, 1);
    (void)ignored;
    errno = saved_errno;
}

static void set_job_handler(int signal_number, struct sigaction *previous) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_job_signal;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, previous);
}

void devloop_job_signals_install(int wake) {
    wake_fd = wake;
    set_job_handler(SIGWINCH, &previous_winch);
    set_job_handler(SIGTSTP, &previous_tstp);
    set_job_handler(SIGCONT, &previous_cont);
}

void devloop_job_signals_restore(void) {
    sigaction(SIGWINCH, &previous_winch, NULL);
    sigaction(SIGTSTP, &previous_tstp, NULL);
    sigaction(SIGCONT, &previous_cont, NULL);
}

void devloop_stop_self(void) {
    struct sigaction ours, standard;
    memset(&standard, 0, sizeof standard);
    standard.sa_handler = SIG_DFL;
    sigemptyset(&standard.sa_mask);
    sigaction(SIGTSTP, &standard, &ours);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);
}

void devloop_keep_interrupts(void) {
    sigaction(SIGINT, NULL, &kept_int);
    sigaction(SIGTERM, NULL, &kept_term);
}

void devloop_return_interrupts(void) {
    sigaction(SIGINT, &kept_int, NULL);
    sigaction(SIGTERM, &kept_term, NULL);
}
