/* SPDX-License-Identifier: MIT
 *
 * Questions from JSON lines: see score_items.h. Layer: core/lm.
 */
#include "core/lm/score_items.h"

#include "core/data/line_source.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_LINE = 16 << 20
};

void gsc_score_item_clear(gsc_score_item *item) {
    for (size_t i = 0; i < item->n_endings; i++) {
        free(item->endings[i]);
    }
    free(item->endings);
    free(item->context);
    *item = (gsc_score_item){0};
}

void gsc_score_items_clear(gsc_score_items *items) {
    for (size_t i = 0; i < items->count; i++) {
        gsc_score_item_clear(&items->items[i]);
    }
    free(items->items);
    *items = (gsc_score_items){0};
}

/* ---- One line ---- */

static const char *text_of(const json_t *root, const char *const *keys) {
    for (; *keys != NULL; keys++) {
        const char *text = json_string_value(json_object_get(root, *keys));
        if (text != NULL) {
            return text;
        }
    }
    return NULL;
}

static gsc_status no_memory(gsc_error *error) {
    return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory for a question");
}

/* The context without blanks at its end, which then stand before the endings. */
static gsc_status set_context(gsc_score_item *item, const char *a, const char *b,
                              gsc_error *error) {
    const size_t size = strlen(a) + strlen(b) + 2;
    item->context = malloc(size);
    if (item->context == NULL) {
        return no_memory(error);
    }
    snprintf(item->context, size, "%s%s%s", a, *a != '\0' && *b != '\0' ? " " : "", b);
    for (size_t n = strlen(item->context); n > 0 && item->context[n - 1] == ' '; n--) {
        item->context[n - 1] = '\0';
    }
    return GSC_OK;
}

static gsc_status add_ending(gsc_score_item *item, const char *text, gsc_error *error) {
    const size_t n = strlen(item->context), size = strlen(text) + 2;
    const bool joined =
        n == 0 || isspace((unsigned char)item->context[n - 1]) || isspace((unsigned char)text[0]);
    char **more = realloc(item->endings, (item->n_endings + 1) * sizeof *more);
    char *ending = malloc(size);
    item->endings = more != NULL ? more : item->endings;
    if (more == NULL || ending == NULL) {
        free(ending);
        return no_memory(error);
    }
    snprintf(ending, size, "%s%s", joined ? "" : " ", text);
    more[item->n_endings++] = ending;
    return text[0] == '\0' ? gsc_fail(error, GSC_ERR_INPUT, "ending %zu is empty", item->n_endings)
                           : GSC_OK;
}

static gsc_status add_endings(gsc_score_item *item, const json_t *list, gsc_error *error) {
    size_t i;
    json_t *text;
    if (json_array_size(list) < 2 || json_array_size(list) > GSC_SCORE_MOST_ENDINGS) {
        return gsc_fail(error, GSC_ERR_INPUT, "it has %zu endings; 2 to %d are taken",
                        json_array_size(list), GSC_SCORE_MOST_ENDINGS);
    }
    json_array_foreach((json_t *)list, i, text) {
        if (!json_is_string(text)) {
            return gsc_fail(error, GSC_ERR_INPUT, "ending %zu is no text", i + 1);
        }
        gsc_status status = add_ending(item, json_string_value(text), error);
        if (status != GSC_OK) {
            return status;
        }
    }
    return GSC_OK;
}

/* A number, "2", "C", or one of the labels. */
static bool find_right(const json_t *value, const json_t *labels, size_t n, size_t *ret_right) {
    const char *word = json_string_value(value);
    char *end = NULL;
    long number = json_is_integer(value) ? (long)json_integer_value(value) : -1;
    for (size_t i = 0; word != NULL && i < json_array_size(labels); i++) {
        const char *label = json_string_value(json_array_get(labels, i));
        if (label != NULL && strcmp(label, word) == 0) {
            number = (long)i;
            word = NULL;
        }
    }
    if (word != NULL && isdigit((unsigned char)word[0])) {
        number = strtol(word, &end, 10);
        number = *end == '\0' ? number : -1;
    } else if (word != NULL && strlen(word) == 1 && isupper((unsigned char)word[0])) {
        number = word[0] - 'A';
    }
    if (number < 0 || (size_t)number >= n) {
        return false;
    }
    *ret_right = (size_t)number;
    return true;
}

static gsc_status read_right(gsc_score_item *item, const json_t *root, const json_t *labels,
                             gsc_error *error) {
    static const char *const keys[] = {"label", "gold", "answer", "answerKey"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const json_t *value = json_object_get(root, keys[i]);
        if (json_is_array(value) && json_array_size(value) == 1) {
            value = json_array_get(value, 0);
        }
        if (value != NULL) {
            return find_right(value, labels, item->n_endings, &item->right)
                       ? GSC_OK
                       : gsc_fail(error, GSC_ERR_INPUT,
                                  "%s names none of the %zu endings; they count from 0", keys[i],
                                  item->n_endings);
        }
    }
    return gsc_fail(error, GSC_ERR_INPUT, "it has no label, gold, answer or answerKey");
}

static gsc_status read_choices(gsc_score_item *item, const json_t *root, const json_t *choices,
                               gsc_error *error) {
    const json_t *labels = json_object_get(choices, "label");
    const json_t *list = json_is_object(choices) ? json_object_get(choices, "text") : choices;
    gsc_status status = add_endings(item, list, error);
    return status == GSC_OK ? read_right(item, root, labels, error) : status;
}

/* Two endings under keys of their own. */
static gsc_status read_two(gsc_score_item *item, const json_t *root, const char *a, const char *b,
                           bool first_is_right, gsc_error *error) {
    json_t *list = json_pack("[O, O]", json_object_get(root, a), json_object_get(root, b));
    gsc_status status = add_endings(item, list, error);
    json_decref(list);
    return status != GSC_OK || first_is_right ? status : read_right(item, root, NULL, error);
}

/* A text without its last word, and that word. */
static gsc_status read_last_word(gsc_score_item *item, const char *text, gsc_error *error) {
    size_t end = strlen(text);
    while (end > 0 && isspace((unsigned char)text[end - 1])) {
        end--;
    }
    size_t begin = end;
    while (begin > 0 && !isspace((unsigned char)text[begin - 1])) {
        begin--;
    }
    char *before = strndup(text, begin), *word = strndup(text + begin, end - begin);
    gsc_status status = before == NULL || word == NULL ? no_memory(error) : GSC_OK;
    if (status == GSC_OK && (begin == 0 || end == begin)) {
        status = gsc_fail(error, GSC_ERR_INPUT, "its text has no word before the last");
    }
    if (status == GSC_OK) {
        status = set_context(item, before, "", error);
    }
    if (status == GSC_OK) {
        status = add_ending(item, word, error);
    }
    item->last_word = true;
    free(before);
    free(word);
    return status;
}

static gsc_status read_item(const json_t *root, gsc_score_item *item, gsc_error *error) {
    static const char *const contexts[] = {"ctx", "context", "query", "question", "goal", NULL};
    static const char *const targets[] = {"completion", "target", "continuation", NULL};
    static const char *const first_parts[] = {"ctx_a", NULL}, *const last_parts[] = {"ctx_b", NULL};
    const json_t *choices = json_object_get(root, "endings");
    const char *context = text_of(root, contexts), *target = text_of(root, targets);
    const char *text = json_string_value(json_object_get(root, "text"));
    const char *a = context == NULL ? text_of(root, first_parts) : context;
    const char *b = context == NULL ? text_of(root, last_parts) : NULL;
    choices = choices != NULL ? choices : json_object_get(root, "choices");
    if (choices == NULL && target == NULL && text != NULL) {
        return read_last_word(item, text, error);
    }
    gsc_status status = set_context(item, a != NULL ? a : "", b != NULL ? b : "", error);
    if (status != GSC_OK) {
        return status;
    }
    if (choices != NULL) {
        return read_choices(item, root, choices, error);
    }
    if (json_object_get(root, "sentence_good") != NULL) {
        return read_two(item, root, "sentence_good", "sentence_bad", true, error);
    }
    if (json_object_get(root, "sol1") != NULL) {
        return read_two(item, root, "sol1", "sol2", false, error);
    }
    if (target != NULL && item->context[0] != '\0') {
        item->last_word = true;
        return add_ending(item, target, error);
    }
    return gsc_fail(error, GSC_ERR_INPUT,
                    "it is no question: it has neither endings, nor choices, nor text");
}

gsc_status gsc_score_item_parse(const char *text, size_t size, gsc_score_item *ret_item,
                                gsc_error *error) {
    json_error_t fault;
    gsc_score_item item = {0};
    json_t *root = json_loadb(text, size, 0, &fault);
    gsc_status status = GSC_OK;
    if (!json_is_object(root)) {
        status = gsc_fail(error, GSC_ERR_INPUT, "it is no JSON object: %.150s",
                          root == NULL ? fault.text : "it is something else");
    } else {
        status = read_item(root, &item, error);
    }
    json_decref(root);
    if (status != GSC_OK) {
        gsc_score_item_clear(&item);
        return status;
    }
    *ret_item = item;
    return GSC_OK;
}

/* ---- The file ---- */

static bool is_blank(const char *line, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (!isspace((unsigned char)line[i])) {
            return false;
        }
    }
    return true;
}

static gsc_status take_line(gsc_score_items *items, const char *path, const char *line, size_t size,
                            uint64_t number, gsc_error *error) {
    gsc_error fault = {0};
    gsc_score_item item;
    items->lines++;
    const gsc_status parsed = gsc_score_item_parse(line, size, &item, &fault);
    if (parsed == GSC_ERR_INPUT) {
        if (items->bad_lines++ == 0) {
            snprintf(items->first_bad, sizeof items->first_bad, "%.100s:%" PRIu64 ": %.150s", path,
                     number, fault.message);
        }
        return GSC_OK;
    }
    gsc_score_item *more =
        parsed == GSC_OK ? realloc(items->items, (items->count + 1) * sizeof *more) : NULL;
    if (more == NULL) {
        if (parsed == GSC_OK) {
            gsc_score_item_clear(&item);
        }
        return no_memory(error);
    }
    item.line = number;
    items->items = more;
    more[items->count++] = item;
    return GSC_OK;
}

gsc_status gsc_score_items_read(const char *path, size_t limit, gsc_score_items *ret_items,
                                gsc_error *error) {
    gsc_line_source source;
    gsc_score_items items = {0};
    const size_t length = strlen(path);
    const bool packed = length > 4 && strcmp(path + length - 4, ".zst") == 0;
    const size_t most = limit > 0 && limit < GSC_SCORE_MOST_ITEMS ? limit : GSC_SCORE_MOST_ITEMS;
    gsc_status status = gsc_line_source_init(&source, path, packed, error);
    if (status != GSC_OK) {
        return status;
    }
    while (status == GSC_OK && items.count < most) {
        const char *line = NULL;
        size_t size = 0;
        status = gsc_line_source_next(&source, MOST_LINE, &line, &size, error);
        if (status != GSC_OK || line == NULL) {
            break;
        }
        if (!is_blank(line, size)) {
            status = take_line(&items, path, line, size, source.line, error);
        }
    }
    gsc_line_source_clear(&source);
    if (status == GSC_OK && items.count == 0) {
        status = gsc_fail(error, GSC_ERR_INPUT, "%s has no question%s%s", path,
                          items.bad_lines > 0 ? "; " : "", items.first_bad);
    }
    if (status != GSC_OK) {
        gsc_score_items_clear(&items);
        return status;
    }
    *ret_items = items;
    return GSC_OK;
}
