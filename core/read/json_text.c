/* SPDX-License-Identifier: MIT
 *
 * Writing JSON.
 *
 * Layer: core/read.
 */
#include "core/read/json_text.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

char *gsc_json_dump(const json_t *root, size_t flags) {
    for (int digits = 15; digits < 17; digits++) {
        char *text = json_dumps(root, flags | JSON_REAL_PRECISION(digits));
        json_t *again = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
        bool same = json_equal(root, again);
        json_decref(again);
        if (same) {
            return text;
        }
        free(text);
    }
    return json_dumps(root, flags | JSON_REAL_PRECISION(17));
}

json_t *gsc_json_number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}
