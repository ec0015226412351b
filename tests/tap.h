/* SPDX-License-Identifier: MIT
 *
 * The Test Anything Protocol in one header: TAP_OK(condition, "what holds"), TAP_NEAR(a, b, tolerance,
 * "what agrees"), then return tap_done(). A failed check prints where and why and goes on.
 */
#ifndef GSC_TESTS_TAP_H
#define GSC_TESTS_TAP_H

#include <math.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

static inline int tap_report(int good, const char *file, int line, const char *what) {
    tap_count++;
    printf("%s %d - ", good ? "ok" : "not ok", tap_count);
    for (const char *c = what; *c != '\0'; c++) { /* a name is one line */
        putchar(*c == '\n' ? ' ' : *c);
    }
    putchar('\n');
    if (!good) {
        tap_failed++;
        printf("# failed at %s:%d\n", file, line);
    }
    fflush(stdout);
    return good;
}

#define TAP_OK(condition, what) tap_report((condition) ? 1 : 0, __FILE__, __LINE__, (what))

/* A text as one diagnostic line. */
static inline void tap_print(const char *text) {
    putchar('"');
    for (const char *c = text != NULL ? text : "(null)"; *c != '\0'; c++) {
        if (*c == '\n') {
            fputs("\\n", stdout);
        } else {
            putchar(*c);
        }
    }
    putchar('"');
}

/* |a - b| <= tolerance; NaN never agrees. */
static inline int tap_near(double a, double b, double tolerance, const char *file, int line,
                           const char *what) {
    int good = tap_report(fabs(a - b) <= tolerance, file, line, what);
    if (!good) {
        printf("# got %.17g, expected %.17g within %.3g\n", a, b, tolerance);
    }
    return good;
}
#define TAP_NEAR(a, b, tolerance, what) tap_near((a), (b), (tolerance), __FILE__, __LINE__, (what))

static inline int tap_equal(const char *a, const char *b, const char *file, int line,
                            const char *what) {
    int good = tap_report(a != NULL && b != NULL && strcmp(a, b) == 0, file, line, what);
    if (!good) {
        fputs("# got ", stdout);
        tap_print(a);
        fputs(", expected ", stdout);
        tap_print(b);
        putchar('\n');
    }
    return good;
}
#define TAP_STRING(a, b, what) tap_equal((a), (b), __FILE__, __LINE__, (what))

/* text contains part: for messages. */
static inline int tap_contains(const char *text, const char *part, const char *file, int line,
                               const char *what) {
    int good = tap_report(text != NULL && strstr(text, part) != NULL, file, line, what);
    if (!good) {
        fputs("# ", stdout);
        tap_print(text);
        fputs(" does not contain ", stdout);
        tap_print(part);
        putchar('\n');
    }
    return good;
}
#define TAP_CONTAINS(text, part, what) tap_contains((text), (part), __FILE__, __LINE__, (what))

static inline int tap_done(void) {
    printf("1..%d\n", tap_count);
    return tap_failed != 0;
}

#endif
