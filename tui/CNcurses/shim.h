// SPDX-License-Identifier: Apache-2.0
#pragma once
// Before any include: pkg-config's -D flags would be refused by the package manager.
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

// What Swift cannot call: macros, variadic functions, and mutable globals such as stdscr. All of it is for one thread.

// wchar.h hides it without _XOPEN_SOURCE.
extern int wcwidth(wchar_t scalar);

typedef struct {
    SCREEN *screen;
    FILE *output;
    FILE *input;
} devloop_screen;

/// Opens the screen on two descriptors, which stay the caller's. Returns 0, or -1 for an unknown terminal type.
static inline int devloop_screen_open(devloop_screen *result, int input, int output) {
    int out = dup(output), in = dup(input);
    result->output = out < 0 ? NULL : fdopen(out, "w");
    result->input = in < 0 ? NULL : fdopen(in, "r");
    result->screen = NULL;
    if (result->output && result->input) result->screen = newterm(NULL, result->output, result->input);
    if (result->screen) return 0;
    if (result->output) fclose(result->output);
    if (result->input) fclose(result->input);
    return -1;
}

/// Character-at-a-time input without echo; Ctrl-Z stays a signal, Ctrl-C, Ctrl-S and Ctrl-Q become keys.
static inline int devloop_screen_modes(int input) {
    struct termios attributes;
    cbreak();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    leaveok(stdscr, TRUE);
    curs_set(0);
    set_escdelay(25);
    if (tcgetattr(input, &attributes) != 0) return -1;
    attributes.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
    attributes.c_cc[VINTR] = _POSIX_VDISABLE;
    if (tcsetattr(input, TCSANOW, &attributes) != 0) return -1;
    return def_prog_mode() == OK ? 0 : -1;
}

static inline void devloop_screen_close(devloop_screen *screen) {
    endwin();
    delscreen(screen->screen);
    fclose(screen->output);
    fclose(screen->input);
}

/// Whether colours can be used; the terminal's own colours are the default then.
static inline int devloop_colors_start(void) {
    if (!has_colors() || start_color() != OK) return 0;
    return use_default_colors() == OK;
}

static inline int devloop_color_count(void) { return COLORS; }

enum { devloop_bold = 1, devloop_dim = 2, devloop_underline = 4, devloop_reverse = 8 };

static inline attr_t devloop_attributes(int flags) {
    attr_t attributes = A_NORMAL;
    if (flags & devloop_bold) attributes |= A_BOLD;
    if (flags & devloop_dim) attributes |= A_DIM;
    if (flags & devloop_underline) attributes |= A_UNDERLINE;
    if (flags & devloop_reverse) attributes |= A_REVERSE;
    return attributes;
}

/// Puts one glyph of `count` scalars, at most five, at a place.
static inline void devloop_put(int row, int column, const wchar_t *scalars, int count, attr_t attributes, int pair) {
    wchar_t text[6] = {0};
    cchar_t cell;
    if (count > 5) count = 5;
    memcpy(text, scalars, (size_t)count * sizeof(wchar_t));
    if (setcchar(&cell, text, attributes, 0, &pair) != OK) return;
    mvwadd_wchnstr(stdscr, row, column, &cell, 1);
}

static inline void devloop_flush(void) { wrefresh(stdscr); }
static inline void devloop_repaint_next(void) { clearok(curscr, TRUE); }
static inline void devloop_resize(int rows, int columns) { resizeterm(rows, columns); }

enum {
    devloop_key_none = 0,
    devloop_key_char,
    devloop_key_up,
    devloop_key_down,
    devloop_key_left,
    devloop_key_right,
    devloop_key_shift_left,
    devloop_key_shift_right,
    devloop_key_home,
    devloop_key_end,
    devloop_key_page_up,
    devloop_key_page_down,
    devloop_key_enter,
    devloop_key_back_tab,
    devloop_key_backspace,
    devloop_key_delete,
    devloop_key_other
};

/// The next key that has been typed, without waiting; for `devloop_key_char` its scalar is in `scalar`.
static inline int devloop_key(unsigned int *scalar) {
    wint_t value = 0;
    int kind = wget_wch(stdscr, &value);
    *scalar = (unsigned int)value;
    if (kind == OK) return devloop_key_char;
    if (kind != KEY_CODE_YES) return devloop_key_none;
    switch (value) {
    case KEY_UP: return devloop_key_up;
    case KEY_DOWN: return devloop_key_down;
    case KEY_LEFT: return devloop_key_left;
    case KEY_RIGHT: return devloop_key_right;
    case KEY_SLEFT: return devloop_key_shift_left;
    case KEY_SRIGHT: return devloop_key_shift_right;
    case KEY_HOME: return devloop_key_home;
    case KEY_END: return devloop_key_end;
    case KEY_PPAGE: return devloop_key_page_up;
    case KEY_NPAGE: return devloop_key_page_down;
    case KEY_ENTER: return devloop_key_enter;
    case KEY_BTAB: return devloop_key_back_tab;
    case KEY_BACKSPACE: return devloop_key_backspace;
    case KEY_DC: return devloop_key_delete;
    default: return devloop_key_other;
    }
}

/// A string capability without its padding marks, copied to `buffer`. Returns its length; 0 when it is missing.
static inline size_t devloop_capability(const char *name, char *buffer, size_t size) {
    const char *text = tigetstr(name);
    size_t length = 0;
    if (!text || text == (const char *)-1) return 0;
    while (*text && length < size) {
        if (text[0] == '$' && text[1] == '<') {
            const char *end = strchr(text, '>');
            if (end) {
                text = end + 1;
                continue;
            }
        }
        buffer[length++] = *text++;
    }
    return length;
}
