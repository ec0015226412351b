/* SPDX-License-Identifier: MIT
 *
 * The registry over plugins that are wrong in every way we know: each is refused by name, in one sentence
 * that says why, and costs nobody else anything.
 *
 * The build gives the folders: GSC_TEST_SCAN_PLUGINS, GSC_TEST_SHIPPED_PLUGINS.
 */
#include "core/plugin/registry.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* File and what its status must contain. */
static const char *const refusals[][2] = {
    {"bad_capability", "capabilities 0x10000000000"},
    {"bad_id", "the id \"Bad Id\""},
    {"bad_param", "parameter heat with lowest 0, initial 2, highest 1"},
    {"bad_tensor", "tensor scale with size[1] = 0"},
    {"crash_constructor", "crashed with SIGSEGV while it was scanned (at loading)"},
    {"empty", "is not a shared object: it has no ELF header"},
    {"exit_zero", "ended the process (exit code 0) while it was scanned (at gatescope_plugin)"},
    {"fast_math", "flush-to-zero arithmetic when loaded; link it without -ffast-math"},
    {"hang", "did not come back within 1 seconds while it was scanned (at gatescope_plugin)"},
    {"major_2", "is built for plugin ABI 2.0 and this program speaks 1.1"},
    {"nan_affinity", "nan from affinity at "},
    {"needs_library", "needs libjansson.so.4; a plugin may need only libc, libm and libmvec"},
    {"needs_more", "needs the extension gate.telepathy/1"},
    {"negative_affinity", "from affinity at -700; an affinity is at least 0"},
    {"newer_used", "yet the rest is in use: it is built for a newer gatescope"},
    {"no_entry", "does not export gatescope_plugin()"},
    {"no_probs", "has neither affinity nor probs"},
    {"no_table", "has kind gate but gate is NULL"},
    {"null_id", "has no id: the field is NULL"},
    {"text", "is not a shared object: it has no ELF header"},
    {"truncated", "is cut short or damaged"},
    {"truncated_late", "is cut short or damaged"},
    {"undefined_symbol", "uses the symbol gsc_no_such_function"},
    {"wrong_magic", "has magic 0x12345678 where 0x47534350 is right"},
    {"wrong_backward", "from backward for weight, where the difference quotient of forward is "},
    {"wrong_slope", "from affinity_slope at "},
    {"wrong_sum", "returns p that sum to 2 from probs"},
};

static char folder[512];

static void write_file(const char *path, const void *bytes, size_t size) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t n = file >= 0 ? write(file, bytes, size) : -1;
    if (n != (ssize_t)size || close(file) != 0) {
        printf("Bail out! cannot write %s\n", path);
        exit(1);
    }
}

static size_t read_shipped(const char *name, char *bytes, size_t capacity) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", GSC_TEST_SHIPPED_PLUGINS, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = file >= 0 ? read(file, bytes, capacity) : -1;
    if (n <= 0) {
        printf("Bail out! cannot read %s\n", path);
        exit(1);
    }
    close(file);
    return (size_t)n;
}

/* A folder of files that are no whole shared objects. */
static void make_broken_files(const char *broken) {
    static char bytes[1 << 20];
    size_t size = read_shipped("softmax.so", bytes, sizeof bytes);
    char path[1024];
    mkdir(broken, 0700);
    snprintf(path, sizeof path, "%s/truncated.so", broken);
    write_file(path, bytes, 3000);
    snprintf(path, sizeof path, "%s/truncated_late.so", broken);
    write_file(path, bytes, size - 100);
    snprintf(path, sizeof path, "%s/text.so", broken);
    write_file(path, "not a shared object\n", 20);
    snprintf(path, sizeof path, "%s/empty.so", broken);
    write_file(path, "", 0);
}

static json_t *list(void) {
    json_t *array = NULL;
    gsc_error error = {0};
    if (gsc_registry_list(&array, &error) != GSC_OK) {
        printf("Bail out! %s\n", error.message);
        exit(1);
    }
    return array;
}

static const char *text_of(const json_t *row, const char *key) {
    const char *text = json_string_value(json_object_get(row, key));
    return text != NULL ? text : "(none)";
}

/* The status of the file NAME.so. */
static const char *status_of(json_t *array, const char *name) {
    char ending[96];
    int length = snprintf(ending, sizeof ending, "/%s.so", name);
    size_t index;
    json_t *row;
    json_array_foreach(array, index, row) {
        const char *path = text_of(row, "path");
        if (strlen(path) > (size_t)length &&
            strcmp(path + strlen(path) - (size_t)length, ending) == 0) {
            return text_of(row, "status");
        }
    }
    return "(not listed)";
}

static double elapsed_ms(struct timespec since) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)(now.tv_sec - since.tv_sec) + 1e-6 * (double)(now.tv_nsec - since.tv_nsec);
}

static void test_refusals(void) {
    char path[2048], broken[600];
    snprintf(broken, sizeof broken, "%s/broken", folder);
    make_broken_files(broken);
    snprintf(path, sizeof path, "%s:%s/none:%s", broken, folder, GSC_TEST_SCAN_PLUGINS);
    setenv("GATESCOPE_PLUGIN_PATH", path, 1);

    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    json_t *array = list();
    double cold_ms = elapsed_ms(start);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        TAP_CONTAINS(status_of(array, refusals[i][0]), refusals[i][1], refusals[i][0]);
    }
    TAP_STRING(status_of(array, "older"), "ok", "a shorter struct loads");
    TAP_STRING(status_of(array, "newer_unused"), "ok", "a longer struct with an empty tail loads");
    TAP_STRING(status_of(array, "prints_rubbish"), "ok", "printing while loaded spoils nothing");
    TAP_STRING(status_of(array, "softmax"), "ok", "the shipped ones are there beside them");

    clock_gettime(CLOCK_MONOTONIC, &start);
    json_t *again = list();
    double warm_ms = elapsed_ms(start);
    printf("# %zu files: cold %.0f ms, warm %.1f ms\n", json_array_size(array), cold_ms, warm_ms);
    TAP_OK(json_equal(array, again), "the second list is the same as the first");
    TAP_OK(warm_ms < 250 && warm_ms < cold_ms, "and comes from the cache, the failed scans too");
    json_decref(again);
    json_decref(array);
}

static void test_load(void) {
    const gsc_loaded *loaded = NULL, *same = NULL;
    gsc_error error = {0};
    gsc_registry_load(GSC_KIND_GATE, "older", &loaded, &error);
    TAP_STRING(error.message, "", "the older plugin loads");
    TAP_OK(loaded->gate->rank == NULL && loaded->plugin->needs == NULL,
           "what it does not know is zero");
    gsc_registry_load(GSC_KIND_GATE, "older", &same, &error);
    TAP_OK(same == loaded, "a plugin is loaded once");
    TAP_OK(gsc_registry_load(GSC_KIND_GATE, "wrong_slope", &loaded, &error) == GSC_ERR_PLUGIN,
           "a refused plugin does not load");
    TAP_CONTAINS(error.message, "gate wrong_slope (", "the error names it");
    TAP_CONTAINS(error.message, "wrong_slope.so) returns ", "and its file and reason");
    TAP_OK(gsc_registry_load(GSC_KIND_EXPERT, "softmax", &loaded, &error) == GSC_ERR_PLUGIN,
           "an id of another kind does not load");
    TAP_CONTAINS(error.message, "no expert named \"softmax\"", "the error says the kind");
    TAP_CONTAINS(error.message, "; there are ", "and which there are");
}

/* The same gate in two folders; then its file is overwritten while loaded, and its copy removed. */
static void test_shadow_and_replace(void) {
    static char bytes[1 << 20];
    size_t size = read_shipped("softmax.so", bytes, sizeof bytes);
    char first[600], second[600], path[2048], file[700];
    snprintf(first, sizeof first, "%s/first", folder);
    snprintf(second, sizeof second, "%s/second", folder);
    mkdir(first, 0700);
    mkdir(second, 0700);
    snprintf(file, sizeof file, "%s/softmax.so", second);
    write_file(file, bytes, size);
    snprintf(file, sizeof file, "%s/own.so", first);
    write_file(file, bytes, size);
    snprintf(path, sizeof path, "%s:%s:%s", first, second, first);
    setenv("GATESCOPE_PLUGIN_PATH", path, 1);

    json_t *array = list();
    TAP_STRING(text_of(json_array_get(array, 0), "path"), file, "the first folder comes first");
    TAP_STRING(text_of(json_array_get(array, 0), "status"), "ok", "and wins");
    snprintf(path, sizeof path, "is shadowed by %s", file);
    TAP_STRING(text_of(json_array_get(array, 1), "status"), path, "the second is shadowed by it");

    const gsc_loaded *loaded = NULL;
    gsc_error error = {0};
    gsc_registry_load(GSC_KIND_GATE, "softmax", &loaded, &error);
    TAP_STRING(error.message, "", "it loads");
    TAP_STRING(loaded->path, file, "from where it was found");
    TAP_STRING(loaded->sha256, text_of(json_array_get(array, 0), "sha256"), "with that hash");
    memset(bytes, 0, size);
    write_file(file, bytes, size);
    double z[3] = {1, 2, 3}, a[3] = {0};
    loaded->gate->affinity(NULL, 3, z, a);
    TAP_OK(a[0] == 1 && a[2] == 3, "overwriting a loaded plugin's file does it no harm");
    json_decref(array);
    array = list();
    TAP_CONTAINS(text_of(json_array_get(array, 0), "status"), "no ELF header",
                 "the next list sees the new bytes");
    TAP_STRING(text_of(json_array_get(array, 1), "status"), "ok", "and the second wins");
    json_decref(array);
}

static void test_no_cache(void) {
    json_t *array = NULL;
    gsc_error error = {0};
    setenv("XDG_CACHE_HOME", "/dev/null", 1);
    TAP_OK(gsc_registry_list(&array, &error) == GSC_ERR_SYSTEM, "no cache, no list");
    TAP_CONTAINS(error.message, "the plugin cache /dev/null/gatescope/plugins cannot be made",
                 "and the error says where it should be");
}

int main(void) {
    snprintf(folder, sizeof folder, "%s/registry.XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (mkdtemp(folder) == NULL) {
        printf("Bail out! no temporary folder\n");
        return 1;
    }
    setenv("XDG_CACHE_HOME", folder, 1);
    setenv("XDG_DATA_HOME", "/dev/null", 1);
    setenv("GATESCOPE_SCAN_SECONDS", "1", 1);
    test_refusals();
    test_load();
    test_shadow_and_replace();
    test_no_cache();
    char command[640];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    TAP_OK(system(command) == 0, "the test's folder is gone");
    return tap_done();
}
