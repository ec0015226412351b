/* SPDX-License-Identifier: MIT
 *
 * The corpora that come from packages: see catalog.h.
 */
#include "core/data/catalog.h"

#include "core/read/spec.h"

#include <string.h>

#define HANDBOOK(language)                                                                         \
    {                                                                                              \
        "debian-handbook", "usr/share/doc/debian-handbook/html/" language "/*.html",               \
            GSC_DECODE_HTML, NULL                                                                  \
    }

static const gsc_data_domain domains[] = {
    {"literature",
     "English novels and tales: Austen, Poe, Twain, Melville",
     "public domain",
     {{"r-cran-janeaustenr", "usr/lib/R/site-library/janeaustenr/data/*.rdb", GSC_DECODE_RDB, NULL},
      {"liblingua-stem-perl",
       "usr/share/doc/liblingua-stem-perl/examples/{collected_works_poe,huckfinn}.txt",
       GSC_DECODE_GUTENBERG, NULL},
      {"golang-github-colinmarc-hdfs-dev",
       "usr/share/gocode/src/github.com/colinmarc/hdfs/testdata/mobydick.txt", GSC_DECODE_GUTENBERG,
       NULL}}},
    {"scripture",
     "The Bible in English, King James version",
     "public domain",
     {{"bible-kjv-text", "usr/lib/bible.data", GSC_DECODE_VERSES, "bible"},
      {"bible-kjv", NULL, GSC_DECODE_PLAIN, NULL},
      {"libreadline8", NULL, GSC_DECODE_PLAIN, NULL}}},
    {"dictionary",
     "A dictionary of English (GCIDE)",
     "GPL-2+",
     {{"dict-gcide", "usr/share/dictd/gcide.dict.dz", GSC_DECODE_DICT, NULL}}},
    {"essays",
     "Political essays: An Anarchist FAQ, which argues a cause",
     "GPL-2",
     {{"anarchism", "usr/share/doc/anarchism/html/*.html", GSC_DECODE_HTML, NULL}}},
    {"quotes",
     "Quotations and jokes in English",
     "BSD; the quotations are their authors'",
     {{"fortunes", "usr/share/games/fortunes/*", GSC_DECODE_FORTUNES, NULL},
      {"fortunes-min", "usr/share/games/fortunes/*", GSC_DECODE_FORTUNES, NULL}}},
    {"techdocs",
     "Manuals of Python and git, as their authors wrote them",
     "PSF-2, GPL-2",
     {{"python3.11-doc", "usr/share/doc/python3.11/html/_sources/**/*.rst.txt", GSC_DECODE_PLAIN,
       NULL},
      {"git-doc", "usr/share/doc/git-doc/**/*.txt", GSC_DECODE_PLAIN, NULL}}},
    {"code-c",
     "C source: gnulib",
     "GPL-3+ and LGPL",
     {{"gnulib", "usr/share/gnulib/{lib,tests}/*.{c,h}", GSC_DECODE_PLAIN, NULL}}},
    {"code-go",
     "Go source: the standard library and the compiler",
     "BSD-3-Clause",
     {{"golang-1.19-src", "usr/share/go-1.19/src/**/*.go", GSC_DECODE_PLAIN, NULL}}},
    {"proofs",
     "Formal proofs: the Metamath data base set.mm",
     "CC0-1.0",
     {{"metamath-databases", "usr/share/metamath/databases/set.mm", GSC_DECODE_PLAIN, NULL}}},
    {"dna",
     "A genome: E. coli 536",
     "public data of NCBI",
     {{"bowtie-examples", "usr/share/doc/bowtie/examples/genomes/NC_008253.fna.gz",
       GSC_DECODE_FASTA, NULL}}},
    {"lang-de", "The Debian handbook in German", "GPL-2+ or CC-BY-SA-3.0", {HANDBOOK("de-DE")}},
    {"lang-fr", "The Debian handbook in French", "GPL-2+ or CC-BY-SA-3.0", {HANDBOOK("fr-FR")}},
    {"lang-ru", "The Debian handbook in Russian", "GPL-2+ or CC-BY-SA-3.0", {HANDBOOK("ru-RU")}},
    {"lang-ja", "The Debian handbook in Japanese", "GPL-2+ or CC-BY-SA-3.0", {HANDBOOK("ja-JP")}},
};

static const struct {
    const char *name;
    uint64_t bytes;
} packages[] = {
    {"r-cran-janeaustenr", 1626392},
    {"liblingua-stem-perl", 1089152},
    {"golang-github-colinmarc-hdfs-dev", 604540},
    {"bible-kjv-text", 2445000},
    {"bible-kjv", 99004},
    {"libreadline8", 165760},
    {"dict-gcide", 14800692},
    {"anarchism", 6915556},
    {"fortunes", 848988},
    {"fortunes-min", 56492},
    {"python3.11-doc", 12644000},
    {"git-doc", 2153500},
    {"gnulib", 6059900},
    {"golang-1.19-src", 18308084},
    {"metamath-databases", 12847496},
    {"bowtie-examples", 6307264},
    {"debian-handbook", 34758056},
};

enum {
    N_DOMAINS = sizeof domains / sizeof domains[0]
};

size_t gsc_corpus_count(void) {
    return N_DOMAINS + 1;
}

gsc_corpus_info gsc_corpus_at(size_t index) {
    if (index == 1) {
        return (gsc_corpus_info){"domains", "All the other corpora, at most 4 MB of each", domains,
                                 N_DOMAINS, GSC_DOMAIN_CAP};
    }
    const gsc_data_domain *domain = &domains[index == 0 ? 0 : index - 1];
    return (gsc_corpus_info){domain->name, domain->title, domain, 1, 0};
}

bool gsc_corpus_find(const char *name, gsc_corpus_info *ret_corpus) {
    for (size_t i = 0; i < gsc_corpus_count(); i++) {
        gsc_corpus_info corpus = gsc_corpus_at(i);
        if (strcmp(corpus.name, name) == 0) {
            *ret_corpus = corpus;
            return true;
        }
    }
    return false;
}

uint64_t gsc_package_bytes(const char *package) {
    for (size_t i = 0; i < sizeof packages / sizeof packages[0]; i++) {
        if (strcmp(packages[i].name, package) == 0) {
            return packages[i].bytes;
        }
    }
    return 0;
}

size_t gsc_corpus_packages(const gsc_corpus_info *corpus, const char *ret_names[GSC_MAX_PACKAGES]) {
    size_t count = 0;
    for (size_t d = 0; d < corpus->count; d++) {
        const gsc_data_source *sources = corpus->domains[d].sources;
        for (size_t s = 0; s < GSC_MAX_SOURCES && sources[s].package != NULL; s++) {
            size_t same = 0;
            while (same < count && strcmp(ret_names[same], sources[s].package) != 0) {
                same++;
            }
            if (same == count && count < GSC_MAX_PACKAGES) {
                ret_names[count++] = sources[s].package;
            }
        }
    }
    return count;
}

const char *gsc_corpus_nearest(const char *name) {
    enum {
        MOST = 64
    };
    const char *names[MOST];
    size_t n = 0;
    for (; n < gsc_corpus_count() && n < MOST; n++) {
        names[n] = gsc_corpus_at(n).name;
    }
    return gsc_nearest(name, names, n);
}
