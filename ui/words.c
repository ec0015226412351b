/* SPDX-License-Identifier: MIT
 *
 * Numbers as words for people. See words.h.
 */
#include "ui/words.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Exponents and indices, in a line that is no taller for them: labels that are cut short must not change height. */
#define RAISED  "<span size='smaller' rise='3072' line_height='0.8'>"
#define LOWERED "<span size='smaller' rise='-2048' line_height='0.8'>"

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

char *gsc_words_minus(const char *text) {
    GString *words = g_string_new(NULL);

    for (const char *at = text; *at != '\0'; at++) {
        const bool begins = at == text || strchr(" [(,", at[-1]) != NULL;
        const bool number = g_ascii_isdigit(at[1]) || (at[1] == '.' && g_ascii_isdigit(at[2]));
        if (*at == '-' && begins && number) {
            g_string_append(words, "\u2212");
        } else {
            g_string_append_c(words, *at);
        }
    }
    return g_string_free(words, FALSE);
}

char *gsc_words_sentence(const char *text) {
    const char *semicolon = g_strrstr(text, "; ");
    GString *sentence = g_string_new(NULL);

    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        bool begins = at == text || (semicolon != NULL && at == semicolon + 2);
        if (at == semicolon) {
            g_string_append_c(sentence, '.');
            continue;
        }
        g_string_append_unichar(sentence, begins ? g_unichar_toupper(g_utf8_get_char(at))
                                                 : g_utf8_get_char(at));
    }
    if (sentence->len > 0 && strchr(".!?", sentence->str[sentence->len - 1]) == NULL) {
        g_string_append_c(sentence, '.');
    }
    return g_string_free(sentence, FALSE);
}

/* Appends one character, escaped; a hyphen in an exponent is a minus sign. */
static void append_character(GString *markup, const char *at, bool raised) {
    const char *next = g_utf8_next_char(at);

    if (raised && *at == '-') {
        g_string_append(markup, "\u2212");
    } else {
        g_autofree char *escaped = g_markup_escape_text(at, next - at);
        g_string_append(markup, escaped);
    }
}

char *gsc_words_markup(const char *text) {
    GString *markup = g_string_new(NULL);

    for (const char *at = text != NULL ? text : ""; *at != '\0';
         at = *at != '\0' ? g_utf8_next_char(at) : at) {
        if ((*at != '^' && *at != '_') || (*at == '_' && at[1] != '{') || at[1] == '\0') {
            append_character(markup, at, false);
            continue;
        }
        bool raised = *at == '^', braced = at[1] == '{';
        at += braced ? 2 : 1;
        g_string_append(markup, raised ? RAISED : LOWERED);
        while (*at != '\0' && (braced ? *at != '}' : strchr("-+./0123456789", *at) != NULL)) {
            append_character(markup, at, raised);
            at = g_utf8_next_char(at);
        }
        g_string_append(markup, "</span>");
        if (!braced || *at == '\0') {
            at--; /* the loop steps over the last character of the exponent, or its brace */
        }
    }
    return g_string_free(markup, FALSE);
}

/* ---- Formulas ------------------------------------------------------------------------------------ */

/* A word of a formula as mathematics writes it, or NULL. */
static const char *symbol_of(const char *word, size_t length, char next) {
    static const struct {
        const char *word, *symbol;
    } symbols[] = {{"alpha", "\u03b1"}, {"lambda", "\u03bb"}, {"pi", "\u03c0"},
                   {"Phi", "\u03a6"},   {"sigma", "\u03c3"},  {"tau", "\u03c4"}};

    for (gsize i = 0; i < G_N_ELEMENTS(symbols); i++) {
        if (strlen(symbols[i].word) == length && strncmp(symbols[i].word, word, length) == 0) {
            return symbols[i].symbol;
        }
    }
    const bool indexed = length == 3 && strncmp(word, "sum", 3) == 0 && next == '_';
    const bool root = length == 4 && strncmp(word, "sqrt", 4) == 0 && next == '(';
    return indexed ? "\u03a3" : root ? "\u221a" : NULL;
}

static bool is_name(char c) {
    return g_ascii_isalnum(c) || c == '_';
}

/* How much of the text behind "_" or "^" is its index or exponent: letters and digits, few enough to be no name
 * with an underscore in it, or what braces hold. 0: it is none. */
static size_t small_length(const char *text, bool raised) {
    size_t n = 0;

    if (*text == '{') {
        const char *end = strchr(text, '}');
        return end != NULL ? (size_t)(end - text) + 1 : 0;
    }
    while (g_ascii_isalnum(text[n])) {
        n++;
    }
    return text[n] != '_' && n <= (raised ? 1 : 3) ? n : 0;
}

static void append_small(GString *markup, const char *text, size_t length, bool raised) {
    const bool braced = *text == '{';
    g_autofree char *inner = g_strndup(text + braced, length - 2 * braced);
    g_autofree char *escaped = g_markup_escape_text(inner, -1);

    g_string_append_printf(markup, "%s%s</span>", raised ? RAISED : LOWERED, escaped);
}

/* Appends the operator at the text, as mathematics writes it; how long it was, 0 where there is none. */
static size_t append_operator(GString *markup, const char *text, const char *at) {
    static const struct {
        const char *operator, * sign;
    } operators[] = {{">=", "\u2265"},
                     {"<=", "\u2264"},
                     {" * ", " \u00b7 "},
                     {" . ", " \u00b7 "},
                     {" - ", " \u2212 "}};
    /* between single letters, indexed or not: a name of a file passes */
    const bool left =
        at > text && g_ascii_isalpha(at[-1]) && (at - 1 == text || !g_ascii_isalnum(at[-2]));
    const bool product = *at == '.' && left && g_ascii_isalpha(at[1]) && !g_ascii_isalnum(at[2]);
    const bool minus =
        *at == '-' && at[1] != ' ' && at[1] != '\0' && (at == text || strchr(" (", at[-1]) != NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(operators); i++) {
        if (g_str_has_prefix(at, operators[i].operator)) {
            g_string_append(markup, operators[i].sign);
            return strlen(operators[i].operator);
        }
    }
    if (product || minus) {
        g_string_append(markup, product ? "\u00b7" : "\u2212");
        return 1;
    }
    return 0;
}

char *gsc_words_formula(const char *text) {
    GString *markup = g_string_new(NULL);
    const char *at = text;

    while (*at != '\0') {
        size_t length = 0;
        if (g_ascii_isalpha(*at) && (at == text || !is_name(at[-1]))) {
            while (g_ascii_isalnum(at[length])) {
                length++;
            }
            const char *symbol = symbol_of(at, length, at[length]);
            g_string_append_len(markup, symbol != NULL ? symbol : at,
                                symbol != NULL ? -1 : (gssize)length);
        } else if ((*at == '_' || *at == '^') && (length = small_length(at + 1, *at == '^')) > 0) {
            append_small(markup, at + 1, length, *at == '^');
            length++;
        } else if ((length = append_operator(markup, text, at)) == 0) {
            append_character(markup, at, false);
            length = (size_t)(g_utf8_next_char(at) - at);
        }
        at += length;
    }
    return g_string_free(markup, FALSE);
}

const char *gsc_words_behind(const char *text, const char *path) {
    const size_t length = strlen(path);

    return g_str_has_prefix(text, path) && text[length] == ' ' ? text + length + 1 : text;
}
