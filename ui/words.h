/* SPDX-License-Identifier: MIT
 *
 * Numbers as words for people.
 *
 * Layer: ui; pure functions.
 */
#ifndef GSC_UI_WORDS_H
#define GSC_UI_WORDS_H

#include <glib.h>

G_BEGIN_DECLS

/* "0.4 s", "21 s", "3 min 20 s", "2 h 5 min"; caller frees. Negative or no number: "0 s". */
char *gsc_words_duration(double seconds);

/* A moment in local time: "14:05" today, else "3 Nov 14:05", "3 Nov 2025" in other years; caller frees. */
char *gsc_words_when(double unix_s);

/* Text in which hyphens before a number are minus signs; caller frees. */
char *gsc_words_minus(const char *text);
/* Text in which "^-1/2", "^{1/2}" and "_{1}" are written small, as Pango markup; caller frees. */
char *gsc_words_markup(const char *text);
/* A plugin's formula, "p_j = sigma(z_j) / sum_l sigma(z_l)", as mathematics writes it, as Pango markup: Greek
 * letters, sums and roots, short indices below the line, minus and product signs. Prose passes; caller frees. */
char *gsc_words_formula(const char *text);
/* "gate x is no weight; take y" as sentences: "Gate x is no weight. Take y." Only the last semicolon parts. */
char *gsc_words_sentence(const char *text);
/* What a sentence says of a file, where its name stands beside: "PATH is damaged" is "is damaged"; a part of text. */
const char *gsc_words_behind(const char *text, const char *path);

G_END_DECLS

#endif
