/* SPDX-License-Identifier: MIT
 *
 * From packages to a corpus in the data folder: see corpus_get.h.
 */
#include "core/data/corpus_get.h"

#include "core/data/corpus_domain.h"
#include "core/data/documents.h"
#include "core/data/folder.h"
#include "core/data/package.h"
#include "core/data/write_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Share of the whole work that is downloading. */
static const double download_share = 0.6;

typedef struct getting {
    gsc_corpus_info corpus;
    const char *from;
    const gsc_data_watch *watch;
    char work[GSC_DATA_PATH_SIZE]; /* DATA/.get-PID */
    char kept
        [GSC_DATA_PATH_SIZE]; /* DATA/.packages-NAME, where downloads outlive a stop; "": none */
    int kept_lock;
    char made[GSC_DATA_PATH_SIZE]; /* the corpus' folder in work */
    gsc_package packages[GSC_MAX_PACKAGES];
    size_t package_count;
    json_t *domains;
    uint64_t documents, held_out, bytes;
} getting;

/* A part of the work's progress as a share of the whole. */
typedef struct part {
    const gsc_data_watch *watch;
    double low, high;
} part;

static bool report_part(void *context, const char *what, double fraction) {
    const part *self = context;
    double share = fraction < 0 ? 0 : fraction;
    return gsc_data_watch_report(self->watch, what, self->low + share * (self->high - self->low));
}

/* What died left: .get-PID of processes that are gone. */
static void clear_leftovers(const char *folder) {
    DIR *list = opendir(folder);
    for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
        int pid = 0;
        char path[GSC_DATA_PATH_SIZE];
        if (sscanf(entry->d_name, ".get-%d", &pid) == 1 && pid > 0 && kill(pid, 0) != 0 &&
            errno == ESRCH && gsc_data_path(folder, entry->d_name, path, NULL) == GSC_OK) {
            gsc_folder_remove(path, NULL);
        }
    }
    if (list != NULL) {
        closedir(list);
    }
}

/* Takes the folder of downloads; another process that makes the same corpus has it for itself, and this
 * one then downloads into its work folder. */
static gsc_status keep_packages(getting *self, const char *folder, gsc_error *error) {
    char name[96], lock[GSC_DATA_PATH_SIZE];
    snprintf(name, sizeof name, ".packages-%.80s", self->corpus.name);
    gsc_status status = gsc_data_path(folder, name, self->kept, error);
    if (status == GSC_OK) {
        status = gsc_folder_make(self->kept, error);
    }
    if (status == GSC_OK) {
        status = gsc_data_path(self->kept, "lock", lock, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    self->kept_lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (self->kept_lock < 0 || flock(self->kept_lock, LOCK_EX | LOCK_NB) != 0) {
        self->kept[0] = '\0';
    }
    return GSC_OK;
}

/* A stop or a broken network leaves the downloads, apart from them nothing is worth keeping. */
static void let_packages_go(getting *self, gsc_status status) {
    if (self->kept[0] != '\0' && status != GSC_ERR_STOPPED && status != GSC_ERR_IO) {
        gsc_folder_remove(self->kept, NULL);
    }
    if (self->kept_lock >= 0) {
        close(self->kept_lock);
    }
}

static gsc_status get_packages(getting *self, gsc_error *error) {
    const char *names[GSC_MAX_PACKAGES];
    size_t count = gsc_corpus_packages(&self->corpus, names);
    double total = 1, done = 0;
    for (size_t i = 0; i < count; i++) {
        total += (double)gsc_package_bytes(names[i]);
    }
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < count && status == GSC_OK; i++) {
        double next = done + (double)gsc_package_bytes(names[i]);
        part share = {self->watch, download_share * done / total, download_share * next / total};
        gsc_data_watch watch = {report_part, &share};
        status = gsc_package_get(names[i], self->kept[0] != '\0' ? self->kept : self->work,
                                 self->from, &watch, &self->packages[i], error);
        done = next;
        self->package_count = i + 1;
    }
    return status;
}

static gsc_status tree_of(const getting *self, const char *package,
                          char ret_path[GSC_DATA_PATH_SIZE], gsc_error *error) {
    char name[96];
    snprintf(name, sizeof name, "tree-%.80s", package);
    return gsc_data_path(self->work, name, ret_path, error);
}

static bool domain_uses(const gsc_data_domain *domain, const char *package) {
    for (size_t s = 0; s < GSC_MAX_SOURCES && domain->sources[s].package != NULL; s++) {
        if (strcmp(domain->sources[s].package, package) == 0) {
            return true;
        }
    }
    return false;
}

/* Unpacks what the domain needs and is not there yet; removes what it does not need, so that the
 * disk holds one domain's packages at a time. */
static gsc_status arrange_trees(const getting *self, const gsc_data_domain *domain,
                                const gsc_data_watch *watch, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < self->package_count && status == GSC_OK; i++) {
        char tree[GSC_DATA_PATH_SIZE];
        status = tree_of(self, self->packages[i].name, tree, error);
        if (status != GSC_OK) {
            break;
        }
        if (!domain_uses(domain, self->packages[i].name)) {
            status = gsc_folder_remove(tree, error);
        } else if (!gsc_is_folder(tree)) {
            status = gsc_package_unpack(&self->packages[i], tree, watch, error);
        }
    }
    return status;
}

static gsc_status make_domain(getting *self, const gsc_data_domain *domain,
                              const gsc_data_watch *watch, gsc_error *error) {
    char name[96], path[GSC_DATA_PATH_SIZE];
    gsc_domain_result result = {0};
    snprintf(name, sizeof name, "%.80s.jsonl.zst", domain->name);
    gsc_status status = arrange_trees(self, domain, watch, error);
    if (status == GSC_OK) {
        status = gsc_data_path(self->made, name, path, error);
    }
    if (status == GSC_OK) {
        status =
            gsc_domain_write(domain, self->work, self->corpus.cap, watch, path, &result, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    self->documents += result.documents;
    self->held_out += result.held_out;
    self->bytes += result.bytes;
    json_array_append_new(
        self->domains,
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "name", domain->name, "title",
                  domain->title, "licence", domain->licence, "file", name, "documents",
                  (json_int_t)result.documents, "held_out", (json_int_t)result.held_out, "bytes",
                  (json_int_t)result.bytes, "bytes_available", (json_int_t)result.bytes_available));
    return GSC_OK;
}

static gsc_status write_description(const getting *self, gsc_error *error) {
    json_t *packages = json_array();
    for (size_t i = 0; i < self->package_count; i++) {
        const gsc_package *package = &self->packages[i];
        json_array_append_new(packages,
                              json_pack("{s:s, s:s, s:s, s:I, s:s}", "name", package->name,
                                        "version", package->version, "file", package->file, "bytes",
                                        (json_int_t)package->bytes, "sha256", package->sha256));
    }
    json_t *root =
        json_pack("{s:s, s:s, s:i, s:s, s:s, s:I, s:I, s:I, s:O, s:o}", "name", self->corpus.name,
                  "title", self->corpus.title, "revision", GSC_CATALOG_REVISION, "schema",
                  "SlimPajama's schema, text from Debian packages; it is not SlimPajama", "split",
                  "documents 9, 19, 29, ... of each file, counted from 0, are held out",
                  "documents", (json_int_t)self->documents, "held_out", (json_int_t)self->held_out,
                  "bytes", (json_int_t)self->bytes, "domains", self->domains, "packages", packages);
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    char path[GSC_DATA_PATH_SIZE];
    gsc_status status = text != NULL
                            ? gsc_data_path(self->made, "corpus.json", path, error)
                            : gsc_fail(error, GSC_ERR_MEMORY, "there is no memory to describe %s",
                                       self->corpus.name);
    if (status == GSC_OK) {
        status = gsc_write_file(path, text, strlen(text), error);
    }
    free(text);
    return status;
}

/* Moves the corpus to its place; an older one goes to the work folder, which is removed. */
static gsc_status put_in_place(const getting *self, const char *place, gsc_error *error) {
    char old[GSC_DATA_PATH_SIZE];
    gsc_status status = gsc_data_path(self->work, "old", old, error);
    if (status != GSC_OK) {
        return status;
    }
    if (rename(place, old) != 0 && errno != ENOENT) {
        return gsc_fail(error, GSC_ERR_IO, "the older %s cannot be moved away: %s", place,
                        strerror(errno));
    }
    if (rename(self->made, place) != 0) {
        int why = errno;
        rename(old, place);
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be put in its place: %s", place,
                        strerror(why));
    }
    return GSC_OK;
}

static gsc_status make_corpus(getting *self, const char *place, gsc_error *error) {
    gsc_status status = gsc_data_path(self->work, self->corpus.name, self->made, error);
    if (status == GSC_OK) {
        status = gsc_folder_make(self->made, error);
    }
    if (status == GSC_OK) {
        status = get_packages(self, error);
    }
    double step = (1 - download_share) / (double)self->corpus.count;
    for (size_t d = 0; d < self->corpus.count && status == GSC_OK; d++) {
        double low = download_share + (double)d * step;
        part share = {self->watch, low, low + step};
        gsc_data_watch watch = {report_part, &share};
        status = make_domain(self, &self->corpus.domains[d], &watch, error);
    }
    if (status == GSC_OK) {
        status = write_description(self, error);
    }
    return status == GSC_OK ? put_in_place(self, place, error) : status;
}

static gsc_status refuse_name(const char *name, gsc_error *error) {
    const char *near = gsc_corpus_nearest(name);
    return near != NULL
               ? gsc_fail(error, GSC_ERR_INPUT, "there is no corpus %s; the nearest is %s", name,
                          near)
               : gsc_fail(error, GSC_ERR_INPUT,
                          "there is no corpus %s; `gatescope data list` has them all", name);
}

gsc_status gsc_corpus_get(const char *name, const char *from, const gsc_data_watch *watch,
                          bool *ret_made, gsc_error *error) {
    getting self = {.from = from, .watch = watch, .kept_lock = -1};
    if (!gsc_corpus_find(name, &self.corpus)) {
        return refuse_name(name, error);
    }
    json_t *there = gsc_corpus_description(name);
    json_decref(there);
    if (ret_made != NULL) {
        *ret_made = there == NULL;
    }
    if (there != NULL) {
        return GSC_OK;
    }
    char folder[GSC_DATA_PATH_SIZE], place[GSC_DATA_PATH_SIZE], work[32];
    gsc_status status = gsc_data_folder(NULL, folder, error);
    if (status == GSC_OK) {
        clear_leftovers(folder);
        snprintf(work, sizeof work, ".get-%ld", (long)getpid());
        status = gsc_data_path(folder, work, self.work, error);
    }
    if (status == GSC_OK) {
        status = gsc_data_path(folder, name, place, error);
    }
    if (status == GSC_OK) {
        status = gsc_folder_make(self.work, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    self.domains = json_array();
    status = from == NULL ? keep_packages(&self, folder, error) : GSC_OK;
    if (status == GSC_OK) {
        status = make_corpus(&self, place, error);
    }
    json_decref(self.domains);
    let_packages_go(&self, status);
    gsc_folder_remove(self.work, NULL);
    return status;
}

json_t *gsc_corpus_description(const char *name) {
    char folder[GSC_DATA_PATH_SIZE], path[GSC_DATA_PATH_SIZE];
    if (gsc_data_folder(NULL, folder, NULL) != GSC_OK ||
        gsc_data_path(folder, name, path, NULL) != GSC_OK ||
        gsc_data_path(path, "corpus.json", path, NULL) != GSC_OK) {
        return NULL;
    }
    json_t *root = json_load_file(path, 0, NULL);
    if (root != NULL &&
        json_integer_value(json_object_get(root, "revision")) != GSC_CATALOG_REVISION) {
        json_decref(root);
        return NULL;
    }
    return root;
}
