/* SPDX-License-Identifier: MIT
 *
 * Work in a child process: its bytes, its failures, its deaths, and that it is ended when told so.
 */
#include "core/data/child_work.h"
#include "tests/tap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MANY = 1000000 /* more bytes than a pipe holds */
};

static gsc_error error;
static int changed;

static gsc_status many_bytes(void *context, gsc_text *ret_bytes, gsc_error *why) {
    (void)why;
    changed = 1;
    for (int i = 0; i < MANY; i++) {
        gsc_text_append_char(ret_bytes, (char)(i * *(const int *)context));
    }
    return GSC_OK;
}

static gsc_status fails(void *context, gsc_text *ret_bytes, gsc_error *why) {
    (void)context;
    gsc_text_append(ret_bytes, "half", 4);
    return gsc_fail(why, GSC_ERR_INPUT, "the number is 7, but should be 8");
}

static gsc_status dies(void *context, gsc_text *ret_bytes, gsc_error *why) {
    (void)context, (void)ret_bytes, (void)why;
    raise(SIGTERM); /* which this process ignores */
    return GSC_OK;
}

static gsc_status leaves(void *context, gsc_text *ret_bytes, gsc_error *why) {
    (void)context, (void)ret_bytes, (void)why;
    _exit(3);
    return GSC_OK;
}

static gsc_status never_ends(void *context, gsc_text *ret_bytes, gsc_error *why) {
    (void)context, (void)ret_bytes, (void)why;
    while (pause() < 0) {
    }
    return GSC_OK;
}

static bool stop_at_third(void *context, const char *what, double fraction) {
    int *reports = context;
    return strncmp(what, "Waiting", 7) != 0 || fraction >= 0 || ++*reports < 3;
}

static bool no_child_is_left(void) {
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

int main(void) {
    const int factor = 7;
    gsc_text bytes = {0};
    gsc_text_append(&bytes, "before", 6);
    TAP_OK(gsc_child_work("Counting", many_bytes, (void *)&factor, NULL, &bytes, &error) == GSC_OK,
           "work is done");
    int wrong = bytes.size != 6 + MANY;
    for (int i = 0; wrong == 0 && i < MANY; i++) {
        wrong = bytes.bytes[6 + i] != (char)(i * factor);
    }
    TAP_OK(wrong == 0 && memcmp(bytes.bytes, "before", 6) == 0, "its bytes come, behind others");
    TAP_OK(changed == 0, "what it changes else does not");

    bytes.size = 0;
    TAP_OK(gsc_child_work("Counting", fails, NULL, NULL, &bytes, &error) == GSC_ERR_INPUT,
           "a failure is one here");
    TAP_STRING(error.message, "the number is 7, but should be 8", "in the same words");
    TAP_OK(bytes.size == 0, "without its bytes");

    signal(SIGTERM, SIG_IGN);
    TAP_OK(gsc_child_work("Counting", dies, NULL, NULL, &bytes, &error) == GSC_ERR_SYSTEM,
           "a death is a failure");
    TAP_CONTAINS(error.message, "Counting was ended by signal 15", "that names the signal");
    TAP_OK(gsc_child_work("Counting", leaves, NULL, NULL, &bytes, &error) == GSC_ERR_SYSTEM,
           "so is an exit");
    TAP_CONTAINS(error.message, "exit code 3", "with its code");

    int reports = 0;
    const gsc_data_watch watch = {.report = stop_at_third, .context = &reports};
    TAP_OK(gsc_child_work("Waiting", never_ends, NULL, &watch, &bytes, &error) == GSC_ERR_STOPPED,
           "work without end is stopped");
    TAP_STRING(error.message, "Waiting was stopped", "as asked for");
    TAP_OK(no_child_is_left(), "and leaves no process");
    gsc_text_clear(&bytes);
    return tap_done();
}
