/* SPDX-License-Identifier: MIT
 *
 * Finding and ordering runs of the library.
 *
 * Layer: core/read.
 */
#include "core/read/library_internal.h"
#include "core/read/spec.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_TERMS = 32,
    MOST_MEANT = 16, /* columns that one word may mean */
    LONGEST_TERM = 256
};

typedef struct term {
    char relation;           /* 0: a word anywhere; else one of ':' '=' '<' '>' */
    bool negated, inclusive; /* "<=" */
    size_t columns[MOST_MEANT], n_columns;
    char value[LONGEST_TERM]; /* small letters */
    double number;            /* NAN where it is none */
} term;

struct gsc_library_filter {
    term terms[MOST_TERMS];
    size_t count;
};

static void lower(char *text) {
    for (; *text != '\0'; text++) {
        *text = (char)tolower((unsigned char)*text);
    }
}

/* ---- Reading a filter ---- */

/* Copies the next term, quotes taken off, and returns what follows; NULL at the end. */
static const char *next_term(const char *text, char *ret_term, size_t size) {
    size_t n = 0;
    bool quoted = false;
    text += strspn(text, " ");
    if (*text == '\0') {
        return NULL;
    }
    for (; *text != '\0' && (quoted || *text != ' '); text++) {
        if (*text == '"') {
            quoted = !quoted;
        } else if (n + 1 < size) {
            ret_term[n++] = *text;
        }
    }
    ret_term[n] = '\0';
    return text;
}

static const char *unabbreviated(const char *name) {
    static const char *const other[][2] = {
        {"tag", "tags"}, {"note", "notes"}, {"in", "experiment"}, {"is", "status"}};
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        if (strcmp(name, other[i][0]) == 0) {
            return other[i][1];
        }
    }
    return name;
}

static void find_columns(const gsc_library *library, const char *word, term *self) {
    const char *name = unabbreviated(word);
    for (size_t i = 0; i < library->n_columns && self->n_columns < MOST_MEANT; i++) {
        const char *whole = library->columns[i].name, *last = strrchr(whole, '.');
        if (strcasecmp(whole, name) == 0 || (last != NULL && strcasecmp(last + 1, name) == 0)) {
            self->columns[self->n_columns++] = i;
        }
    }
}

static void say_unknown(const gsc_library *library, const char *word, gsc_error *error) {
    const char **names = calloc(library->n_columns, sizeof(*names));
    const char *near = NULL;
    for (size_t i = 0; names != NULL && i < library->n_columns; i++) {
        const char *last = strrchr(library->columns[i].name, '.');
        names[i] = last != NULL ? last + 1 : library->columns[i].name;
    }
    if (names != NULL) {
        near = gsc_nearest(word, names, library->n_columns);
    }
    if (near != NULL) {
        gsc_fail(error, GSC_ERR_INPUT, "No column is called “%s”; the nearest is “%s”", word, near);
    } else {
        gsc_fail(error, GSC_ERR_INPUT,
                 "No column is called “%s”; try one such as gate:softmax or status:done", word);
    }
    free(names);
}

static double number_of(const char *text) {
    char *end;
    double value = strtod(text, &end);
    return end != text && *end == '\0' ? value : NAN;
}

/* False: an unknown column. */
static bool parse_term(const gsc_library *library, const char *text, term *self, gsc_error *error) {
    size_t length = strcspn(text, ":=<>");
    char name[LONGEST_TERM];
    *self = (term){.number = NAN};
    if (*text == '-' && text[1] != '\0' && isnan(number_of(text))) {
        self->negated = true;
        text++;
        length--;
    }
    memcpy(name, text, length);
    name[length] = '\0';
    bool good = true;
    const char *value = text;
    if (length > 0 && text[length] != '\0') {
        find_columns(library, name, self);
        good = self->n_columns > 0;
        if (good) {
            self->relation = text[length];
            value = text + length + 1;
            self->inclusive = *value == '=' && self->relation != '=';
            value += *value == '=';
        } else {
            say_unknown(library, name, error);
        }
    }
    strcpy(self->value, value);
    lower(self->value);
    self->number = number_of(self->value);
    return good;
}

gsc_status gsc_library_filter_new(const gsc_library *library, const char *text,
                                  gsc_library_filter **ret_filter, gsc_error *error) {
    gsc_library_filter *self = calloc(1, sizeof(*self));
    gsc_status status = GSC_OK;
    char word[LONGEST_TERM];
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory to find runs");
    }
    while (self->count < MOST_TERMS && (text = next_term(text, word, sizeof(word))) != NULL) {
        if (*word != '\0' && !parse_term(library, word, &self->terms[self->count++], error)) {
            status = GSC_ERR_INPUT;
        }
    }
    *ret_filter = self;
    return status;
}

void gsc_library_filter_free(gsc_library_filter *self) {
    free(self);
}

/* ---- Matching ---- */

/* Every text of the run, in small letters, cut by line feeds; made once. */
static const char *found_of(gsc_library_entry *entry) {
    size_t length = 1;
    if (entry->found != NULL) {
        return entry->found;
    }
    for (size_t i = 0; i < entry->n_cells; i++) {
        length += entry->cells[i].text != NULL ? strlen(entry->cells[i].text) + 1 : 0;
    }
    entry->found = malloc(length);
    if (entry->found == NULL) {
        return "";
    }
    char *at = entry->found;
    for (size_t i = 0; i < entry->n_cells; i++) {
        if (entry->cells[i].text != NULL) {
            at = stpcpy(at, entry->cells[i].text);
            *at++ = '\n';
        }
    }
    *at = '\0';
    lower(entry->found);
    return entry->found;
}

static bool contains(const char *text, const char *part) {
    size_t n = strlen(part);
    if (n == 0) {
        return true;
    }
    for (; *text != '\0'; text++) {
        if (tolower((unsigned char)*text) == (unsigned char)*part &&
            strncasecmp(text, part, n) == 0) {
            return true;
        }
    }
    return false;
}

static bool cell_matches(const term *self, gsc_library_cell cell) {
    bool numbers = !isnan(cell.number) && !isnan(self->number);
    if (cell.text == NULL) {
        return false;
    }
    switch (self->relation) {
    case '<':
        return numbers &&
               (self->inclusive ? cell.number <= self->number : cell.number < self->number);
    case '>':
        return numbers &&
               (self->inclusive ? cell.number >= self->number : cell.number > self->number);
    case '=':
        return numbers ? cell.number == self->number : strcasecmp(cell.text, self->value) == 0;
    default:
        return numbers ? cell.number == self->number : contains(cell.text, self->value);
    }
}

static bool term_matches(const term *self, const gsc_library_run *run) {
    if (self->relation == 0) {
        return strstr(found_of((gsc_library_entry *)run), self->value) != NULL;
    }
    for (size_t i = 0; i < self->n_columns; i++) {
        if (cell_matches(self, gsc_library_get_cell(run, self->columns[i]))) {
            return true;
        }
    }
    return false;
}

bool gsc_library_filter_matches(const gsc_library_filter *self, const gsc_library_run *run) {
    for (size_t i = 0; i < self->count; i++) {
        if (term_matches(&self->terms[i], run) == self->terms[i].negated) {
            return false;
        }
    }
    return true;
}

/* ---- Order ---- */

int gsc_library_compare(const gsc_library_run *a, const gsc_library_run *b, size_t column) {
    gsc_library_cell left = gsc_library_get_cell(a, column),
                     right = gsc_library_get_cell(b, column);
    if (left.text == NULL || right.text == NULL) {
        return (left.text == NULL) - (right.text == NULL);
    }
    bool left_is = !isnan(left.number), right_is = !isnan(right.number);
    if (left_is && right_is) {
        return (left.number > right.number) - (left.number < right.number);
    }
    return left_is != right_is ? (left_is ? -1 : 1) : strverscmp(left.text, right.text);
}
