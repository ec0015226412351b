/* SPDX-License-Identifier: MIT
 *
 * The sweeps that come with the program: the JSON files of core/read/presets/sweeps, compiled in.
 *
 * Layer: core/read.
 */
#include "core/read/presets_text.h"
#include "core/read/sweep.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static gsc_sweep_preset presets[] = {
    {.name = "lm-models", .text = GSC_SWEEP_LM_MODELS},
    {.name = "lm-models-tuned", .text = GSC_SWEEP_LM_MODELS_TUNED},
    {.name = "lm-shared-experts", .text = GSC_SWEEP_LM_SHARED_EXPERTS},
    {.name = "lm-shared-experts-tuned", .text = GSC_SWEEP_LM_SHARED_EXPERTS_TUNED},
    {.name = "lm-models-60min", .text = GSC_SWEEP_LM_MODELS_60MIN},
};

enum {
    N_PRESETS = sizeof presets / sizeof presets[0]
};

/* Kept for the life of the program. */
static const char *text_of(const json_t *sweep, const char *key) {
    const char *text = json_string_value(json_object_get(sweep, key));
    char *kept = strdup(text != NULL ? text : "");
    return kept != NULL ? kept : "";
}

static void read_titles(void) {
    for (size_t i = 0; i < N_PRESETS; i++) {
        json_t *sweep = json_loads(presets[i].text, 0, NULL);
        presets[i].title = text_of(sweep, "title");
        presets[i].summary = text_of(sweep, "summary");
        json_decref(sweep);
    }
}

const gsc_sweep_preset *gsc_sweep_presets(size_t *ret_count) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_titles);
    *ret_count = N_PRESETS;
    return presets;
}
