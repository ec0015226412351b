/* SPDX-License-Identifier: MIT
 *
 * The presets: the JSON files of core/read/presets, compiled in; title and summary come from their own keys.
 *
 * Layer: core/read.
 */
#include "core/read/presets_text.h"
#include "core/read/spec.h"

#include <pthread.h>
#include <string.h>

enum {
    TITLE_SIZE = 96,
    SUMMARY_SIZE = 256
};

static gsc_preset presets[] = {
    {.name = "first", .text = GSC_PRESET_FIRST},
    {.name = "theorem1", .text = GSC_PRESET_THEOREM1},
    {.name = "theorem2", .text = GSC_PRESET_THEOREM2},
    {.name = "theorem3", .text = GSC_PRESET_THEOREM3},
    {.name = "theorem4", .text = GSC_PRESET_THEOREM4},
    {.name = "fingerprint", .text = GSC_PRESET_FINGERPRINT},
    {.name = "gate-fingerprint", .text = GSC_PRESET_GATE_FINGERPRINT},
    {.name = "sigmoid-softmax-fingerprint", .text = GSC_PRESET_SIGMOID_SOFTMAX_FINGERPRINT},
    {.name = "cross-fingerprint", .text = GSC_PRESET_CROSS_FINGERPRINT},
    {.name = "general-fingerprint", .text = GSC_PRESET_GENERAL_FINGERPRINT},
    {.name = "theorem1-a2", .text = GSC_PRESET_THEOREM1_A2},
    {.name = "theorem2-a2", .text = GSC_PRESET_THEOREM2_A2},
    {.name = "theorem3-a2", .text = GSC_PRESET_THEOREM3_A2},
    {.name = "theorem4-a2", .text = GSC_PRESET_THEOREM4_A2},
    {.name = "over-specified", .text = GSC_PRESET_OVER_SPECIFIED},
    {.name = "gate-cross", .text = GSC_PRESET_GATE_CROSS},
    {.name = "starts", .text = GSC_PRESET_STARTS},
    {.name = "robustness", .text = GSC_PRESET_ROBUSTNESS},
    {.name = "top-k", .text = GSC_PRESET_TOP_K},
    {.name = "rates", .text = GSC_PRESET_RATES},
    {.name = "discrete", .text = GSC_PRESET_DISCRETE},
    {.name = "discrete-fingerprint", .text = GSC_PRESET_DISCRETE_FINGERPRINT},
    {.name = "lm-smoe", .text = GSC_PRESET_LM_SMOE},
    {.name = "lm-smoe-sg", .text = GSC_PRESET_LM_SMOE_SG},
    {.name = "lm-deepseek-v2", .text = GSC_PRESET_LM_DEEPSEEK_V2},
    {.name = "lm-deepseek-v3", .text = GSC_PRESET_LM_DEEPSEEK_V3},
    {.name = "lm-smoe-158m", .text = GSC_PRESET_LM_SMOE_158M},
    {.name = "lm-smoe-sg-158m", .text = GSC_PRESET_LM_SMOE_SG_158M},
    {.name = "lm-deepseek-v2-158m", .text = GSC_PRESET_LM_DEEPSEEK_V2_158M},
    {.name = "lm-deepseek-v3-158m", .text = GSC_PRESET_LM_DEEPSEEK_V3_158M},
    {.name = "lm-smoe-679m", .text = GSC_PRESET_LM_SMOE_679M},
    {.name = "lm-smoe-sg-679m", .text = GSC_PRESET_LM_SMOE_SG_679M},
    {.name = "lm-deepseek-v2-679m", .text = GSC_PRESET_LM_DEEPSEEK_V2_679M},
    {.name = "lm-deepseek-v3-679m", .text = GSC_PRESET_LM_DEEPSEEK_V3_679M},
};

enum {
    N_PRESETS = sizeof(presets) / sizeof(presets[0])
};

static char titles[N_PRESETS][TITLE_SIZE], summaries[N_PRESETS][SUMMARY_SIZE];

static void copy_key(const json_t *spec, const char *key, char *ret_text, size_t size) {
    const char *text = json_string_value(json_object_get(spec, key));
    if (text != NULL) {
        size_t n = strnlen(text, size - 1);
        memcpy(ret_text, text, n);
        ret_text[n] = '\0';
    }
}

/* A preset's name says where it belongs. */
static const char *group_of(const char *name) {
    static const struct {
        const char *part, *group;
    } rules[] = {
        {"first", "Start here"},
        {"-a2", "With assumption A.2"},
        {"theorem", "The paper’s theorems"},
        {"lm-", "Language models"},
        {"discrete", "Discrete outcomes"},
        {"fingerprint", "Fingerprints"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (strstr(name, rules[i].part) != NULL) {
            return rules[i].group;
        }
    }
    return "Studies";
}

static void read_titles(void) {
    for (size_t i = 0; i < N_PRESETS; i++) {
        json_t *spec = json_loads(presets[i].text, 0, NULL);
        copy_key(spec, "title", titles[i], TITLE_SIZE);
        copy_key(spec, "summary", summaries[i], SUMMARY_SIZE);
        json_decref(spec);
        presets[i].title = titles[i];
        presets[i].summary = summaries[i];
        presets[i].group = group_of(presets[i].name);
    }
}

const gsc_preset *gsc_presets(size_t *ret_count) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_titles);
    *ret_count = N_PRESETS;
    return presets;
}

const gsc_preset *gsc_preset_find(const char *name) {
    size_t n;
    const gsc_preset *all = gsc_presets(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i].name, name) == 0) {
            return &all[i];
        }
    }
    return NULL;
}
