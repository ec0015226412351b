/* SPDX-License-Identifier: MIT
 *
 * One domain of a corpus: see corpus_domain.h.
 */
#include "core/data/corpus_domain.h"

#include "core/data/command.h"
#include "core/data/documents.h"
#include "core/data/folder.h"
#include "core/data/jsonl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct domain_work {
    const gsc_data_domain *domain;
    const char *work;
    const gsc_data_watch *watch;
    gsc_documents documents;
} domain_work;

static gsc_status tree_path(const domain_work *self, const char *package,
                            char ret_path[GSC_DATA_PATH_SIZE], gsc_error *error) {
    char name[96];
    snprintf(name, sizeof name, "tree-%.80s", package);
    return gsc_data_path(self->work, name, ret_path, error);
}

/* The first file of any of the domain's trees whose relative path matches; false: none. */
static bool find_in_trees(const domain_work *self, const char *pattern,
                          char ret_path[GSC_DATA_PATH_SIZE]) {
    for (size_t s = 0; s < GSC_MAX_SOURCES && self->domain->sources[s].package != NULL; s++) {
        char tree[GSC_DATA_PATH_SIZE];
        gsc_paths files;
        if (tree_path(self, self->domain->sources[s].package, tree, NULL) != GSC_OK ||
            gsc_folder_files(tree, false, &files, NULL) != GSC_OK) {
            continue;
        }
        bool found = false;
        for (size_t i = 0; i < files.count && !found; i++) {
            found = gsc_path_matches(pattern, files.names[i]) &&
                    gsc_data_path(tree, files.names[i], ret_path, NULL) == GSC_OK;
        }
        gsc_paths_clear(&files);
        if (found) {
            return true;
        }
    }
    return false;
}

/* Has the King James Bible printed by its own reader, from the packages' trees, into path. */
static gsc_status print_bible(const domain_work *self, const char *data, const char *path,
                              gsc_error *error) {
    char program[GSC_DATA_PATH_SIZE], library[GSC_DATA_PATH_SIZE], output[GSC_COMMAND_OUTPUT];
    if (!find_in_trees(self, "usr/bin/bible", program) ||
        !find_in_trees(self, "**/libreadline.so.8*", library)) {
        return gsc_fail(error, GSC_ERR_IO,
                        "the packages of %s have no usr/bin/bible or no libreadline.so.8",
                        self->domain->name);
    }
    /* It takes short names only: it runs beside its data. */
    char folder[GSC_DATA_PATH_SIZE], name[256];
    const char *slash = strrchr(data, '/');
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - data), data);
    snprintf(name, sizeof name, ".%.250s", slash);
    *strrchr(library, '/') = '\0';
    int code = 0;
    gsc_command command = {.words = {program, "-d", name, "-f", "gen1:1-rev22:21"},
                           .folder = folder,
                           .libraries = library,
                           .output = path};
    gsc_status status = gsc_command_run(&command, output, &code, error);
    if (status == GSC_OK && code != 0) {
        status = gsc_fail(error, GSC_ERR_IO, "the reader %s failed with code %d: %.*s", program,
                          code, (int)strcspn(output, "\n"), output);
    }
    return status;
}

static gsc_status add_file(domain_work *self, const gsc_data_source *source, const char *path,
                           gsc_error *error) {
    gsc_text bytes = {0}, text = {0};
    gsc_status status = gsc_text_read_file(path, &bytes, error);
    if (status == GSC_OK) {
        status = gsc_decode(source->decoder, bytes.bytes, bytes.size, path, &text, error);
    }
    if (status == GSC_OK) {
        status = gsc_documents_add(&self->documents, text.bytes, text.size, error);
    }
    gsc_text_clear(&bytes);
    gsc_text_clear(&text);
    return status;
}

static gsc_status add_printed(domain_work *self, const gsc_data_source *source, const char *file,
                              gsc_error *error) {
    char printed[GSC_DATA_PATH_SIZE];
    gsc_status status = gsc_data_path(self->work, "printed", printed, error);
    if (status == GSC_OK) {
        status = print_bible(self, file, printed, error);
    }
    if (status == GSC_OK) {
        status = add_file(self, source, printed, error);
    }
    unlink(printed);
    return status;
}

/* fortunes keep an index NAME.dat beside each NAME. */
static bool is_index(const gsc_data_source *source, const char *name) {
    size_t length = strlen(name);
    return source->decoder == GSC_DECODE_FORTUNES && length > 4 &&
           strcmp(name + length - 4, ".dat") == 0;
}

static gsc_status add_source(domain_work *self, const gsc_data_source *source, gsc_error *error) {
    char tree[GSC_DATA_PATH_SIZE], path[GSC_DATA_PATH_SIZE], what[96];
    gsc_paths files = {0};
    size_t used = 0;
    snprintf(what, sizeof what, "Decoding %s", self->domain->name);
    gsc_status status = tree_path(self, source->package, tree, error);
    if (status == GSC_OK) {
        status = gsc_folder_files(tree, false, &files, error);
    }
    for (size_t i = 0; i < files.count && status == GSC_OK; i++) {
        if (!gsc_path_matches(source->files, files.names[i]) || is_index(source, files.names[i])) {
            continue;
        }
        used++;
        status = gsc_data_path(tree, files.names[i], path, error);
        if (status == GSC_OK) {
            status = source->reader != NULL ? add_printed(self, source, path, error)
                                            : add_file(self, source, path, error);
        }
        if (status == GSC_OK &&
            !gsc_data_watch_report(self->watch, what, 0.5 * (double)i / (double)files.count)) {
            status =
                gsc_fail(error, GSC_ERR_STOPPED, "decoding %s was stopped", self->domain->name);
        }
    }
    gsc_paths_clear(&files);
    if (status == GSC_OK && used == 0) {
        status =
            gsc_fail(error, GSC_ERR_INPUT,
                     "the package %s has no file %s; this version of it is not the one that was "
                     "known",
                     source->package, source->files);
    }
    return status;
}

static gsc_status write_documents(domain_work *self, uint64_t cap, const char *path,
                                  gsc_domain_result *result, gsc_error *error) {
    gsc_jsonl output;
    char what[96];
    uint64_t all = self->documents.count, kept = all;
    snprintf(what, sizeof what, "Writing %s", self->domain->name);
    if (cap > 0 && result->bytes_available > cap) {
        kept = (uint64_t)((double)all * (double)cap / (double)result->bytes_available);
    }
    gsc_status status = gsc_jsonl_init(&output, path, error);
    for (uint64_t i = 0; i < all && status == GSC_OK; i++) {
        if ((i + 1) * kept / all == i * kept / all) {
            continue;
        }
        size_t size;
        const char *text = gsc_documents_get(&self->documents, (size_t)i, &size);
        result->held_out += gsc_document_held_out(result->documents);
        result->documents++;
        result->bytes += size;
        status = gsc_jsonl_add(&output, text, size, self->domain->name, error);
        if (status == GSC_OK && i % 256 == 0 &&
            !gsc_data_watch_report(self->watch, what, 0.5 + 0.5 * (double)i / (double)all)) {
            status = gsc_fail(error, GSC_ERR_STOPPED, "writing %s was stopped", self->domain->name);
        }
    }
    if (status == GSC_OK) {
        status = gsc_jsonl_commit(&output, error);
    }
    gsc_jsonl_clear(&output);
    return status;
}

gsc_status gsc_domain_write(const gsc_data_domain *domain, const char *work, uint64_t cap,
                            const gsc_data_watch *watch, const char *path,
                            gsc_domain_result *ret_result, gsc_error *error) {
    domain_work self = {.domain = domain, .work = work, .watch = watch};
    gsc_domain_result result = {0};
    gsc_status status = GSC_OK;
    for (size_t s = 0;
         s < GSC_MAX_SOURCES && domain->sources[s].package != NULL && status == GSC_OK; s++) {
        if (domain->sources[s].files != NULL) {
            status = add_source(&self, &domain->sources[s], error);
        }
    }
    if (status == GSC_OK) {
        status = gsc_documents_finish(&self.documents, error);
    }
    for (size_t i = 0; i < self.documents.count && status == GSC_OK; i++) {
        size_t size;
        gsc_documents_get(&self.documents, i, &size);
        result.bytes_available += size;
    }
    if (status == GSC_OK) {
        status = write_documents(&self, cap, path, &result, error);
    }
    gsc_documents_clear(&self.documents);
    if (status == GSC_OK) {
        *ret_result = result;
    }
    return status;
}
