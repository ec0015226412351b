/* SPDX-License-Identifier: MIT
 *
 * How long work on data tells how far it is, and learns that it should stop.
 *
 * Layer: core/data.
 */
#ifndef GSC_CORE_DATA_WATCH_H
#define GSC_CORE_DATA_WATCH_H

#include <stdbool.h>
#include <stddef.h>

/* report(context, what, fraction): fraction in [0, 1] of the whole work, negative where unknown;
 * what is a few words. It returns false to stop; the work then fails with GSC_ERR_STOPPED and
 * leaves nothing behind. Called from the thread that does the work, ten times a second or so. */
typedef struct gsc_data_watch {
    bool (*report)(void *context, const char *what, double fraction);
    void *context;
} gsc_data_watch;

/* watch may be NULL: nobody watches. */
static inline bool gsc_data_watch_report(const gsc_data_watch *watch, const char *what,
                                         double fraction) {
    return watch == NULL || watch->report == NULL || watch->report(watch->context, what, fraction);
}

#endif
