/* SPDX-License-Identifier: MIT
 *
 * The corpora that `gatescope data get` knows: which files of which Debian packages make which
 * domain. No text comes with the program; it is taken from packages on the user's machine.
 *
 * Each domain is a corpus by its own name, whole. The corpus "domains" is all of them, each
 * thinned evenly to GSC_DOMAIN_CAP bytes, for routing against known domains.
 *
 * Layer: core/data.
 */
#ifndef GSC_CORE_DATA_CATALOG_H
#define GSC_CORE_DATA_CATALOG_H

#include "core/data/decode.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    GSC_MAX_SOURCES = 6,
    GSC_MAX_PACKAGES = 32,
    GSC_DOMAIN_CAP = 4000000,
    /* Raised when a corpus comes out differently: older ones are made again. */
    GSC_CATALOG_REVISION = 1
};

typedef struct gsc_data_source {
    const char *package;
    const char *files; /* gsc_path_matches, within the package; NULL: only unpacked, for a reader */
    gsc_decoder decoder;
    const char *reader; /* a program of the sources' packages that prints the file; NULL: none */
} gsc_data_source;

typedef struct gsc_data_domain {
    const char *name, *title;
    const char *licence;                      /* of the text */
    gsc_data_source sources[GSC_MAX_SOURCES]; /* up to the first without a package */
} gsc_data_domain;

typedef struct gsc_corpus_info {
    const char *name, *title;
    const gsc_data_domain *domains; /* count of them, one after another */
    size_t count;
    uint64_t cap; /* bytes of text a domain; 0: whole */
} gsc_corpus_info;

/* In the order of `gatescope data list`: literature, domains, then each other domain. */
size_t gsc_corpus_count(void);
gsc_corpus_info gsc_corpus_at(size_t index);
bool gsc_corpus_find(const char *name, gsc_corpus_info *ret_corpus);
/* The corpus whose name is most like this one; NULL: none is. */
const char *gsc_corpus_nearest(const char *name);

/* Bytes of a package's file as last seen, for progress and the list; 0: unknown. */
uint64_t gsc_package_bytes(const char *package);
/* The different packages of a corpus, in order; returns how many. */
size_t gsc_corpus_packages(const gsc_corpus_info *corpus, const char *ret_names[GSC_MAX_PACKAGES]);

#endif
