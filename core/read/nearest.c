/* SPDX-License-Identifier: MIT
 *
 * The nearest valid name to a wrong one, for messages.
 *
 * Layer: core/read.
 */
#include "core/read/spec.h"

#include <ctype.h>
#include <string.h>

enum {
    LONGEST = 64
};

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap of neighbours) between two words, case ignored; words longer than
 * LONGEST are far from everything. */
static size_t edit_distance(const char *a, const char *b) {
    size_t na = strlen(a), nb = strlen(b), row[3][LONGEST + 1];
    if (na > LONGEST || nb > LONGEST) {
        return 2 * LONGEST;
    }
    for (size_t j = 0; j <= nb; j++) {
        row[0][j] = j;
    }
    for (size_t i = 1; i <= na; i++) {
        size_t *now = row[i % 3], *last = row[(i + 2) % 3], *older = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            size_t cost = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
                cb == tolower((unsigned char)a[i - 2])) {
                cost = least(cost, older[j - 2] + 1);
            }
            now[j] = cost;
        }
    }
    return row[na % 3][nb];
}

const char *gsc_nearest(const char *word, const char *const *names, size_t count) {
    const char *best = NULL;
    size_t length = strlen(word), best_distance = 2 + length / 3;
    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(word, names[i]);
        if (length >= 3 && strncasecmp(word, names[i], length) == 0) {
            distance = least(distance, 1);
        }
        if (distance < best_distance) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
