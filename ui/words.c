/* SPDX-License-Identifier: MIT
 *
 * Numbers as words for people. See words.h.
 */
#include "ui/words.h"

#include <math.h>

char *gsc_words_duration(double seconds) {
    if (!(seconds > 0)) {
        return g_strdup("0 s");
    }
    if (seconds < 9.95) {
        return g_strdup_printf("%.1f s", seconds);
    }
    gint64 whole = (gint64)llround(seconds);
    if (whole < 60) {
        return g_strdup_printf("%d s", (int)whole);
    }
    if (whole < 3600) {
        return whole % 60 == 0
                   ? g_strdup_printf("%d min", (int)(whole / 60))
                   : g_strdup_printf("%d min %d s", (int)(whole / 60), (int)(whole % 60));
    }
    return g_strdup_printf("%" G_GINT64_FORMAT " h %d min", whole / 3600, (int)(whole / 60 % 60));
}

char *gsc_words_when(double unix_s) {
    g_autoptr(GDateTime) then = g_date_time_new_from_unix_local((gint64)unix_s);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();

    if (then == NULL || now == NULL) {
        return g_strdup("");
    }
    if (g_date_time_get_year(then) != g_date_time_get_year(now)) {
        return g_date_time_format(then, "%-d %b %Y");
    }
    if (g_date_time_get_day_of_year(then) != g_date_time_get_day_of_year(now)) {
        return g_date_time_format(then, "%-d %b %H:%M");
    }
    return g_date_time_format(then, "%H:%M");
}

char *gsc_words_list(const double *values, gsize n) {
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%.12g", i > 0 ? ", " : "", values[i]);
    }
    return g_string_free(text, FALSE);
}
