/* SPDX-License-Identifier: MIT
 *
 * The one convention for failure, used by every layer.
 *
 * What can fail returns gsc_status (GSC_OK is 0) and fills an optional, caller-owned gsc_error only on
 * failure; outputs are then untouched. A message is one sentence that names the thing, the value and
 * what would be right; it ends without a line feed. Programming mistakes are assert().
 *
 * Layer: core/base, libc only; every other folder may include it.
 */
#ifndef GSC_CORE_BASE_ERROR_H
#define GSC_CORE_BASE_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gsc_status {
    GSC_OK = 0,
    GSC_ERR_INPUT,   /* the user's spec, arguments or data are wrong (exit 2) */
    GSC_ERR_IO,      /* a file or a folder could not be read or written */
    GSC_ERR_MEMORY,  /* an allocation failed or a size overflowed */
    GSC_ERR_PLUGIN,  /* a plugin was refused or misbehaved */
    GSC_ERR_NUMERIC, /* a computation left the finite numbers */
    GSC_ERR_STOPPED, /* the user asked to stop */
    GSC_ERR_SYSTEM,  /* the operating system or a library refused */
} gsc_status;

enum {
    GSC_ERROR_MESSAGE_SIZE = 640
};

typedef struct gsc_error {
    gsc_status status;
    char message[GSC_ERROR_MESSAGE_SIZE];
} gsc_error;

/* Fills *error (NULL is fine) with a printf-style sentence and returns status, so that a failure is
 * one line: return gsc_fail(error, GSC_ERR_INPUT, "theory.sizes[%d] is %d, ...", i, n); */
gsc_status gsc_fail(gsc_error *error, gsc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the message of a call that failed with status, and returns that status. */
gsc_status gsc_fail_prefix(gsc_error *error, gsc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif
#endif
