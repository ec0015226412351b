/* SPDX-License-Identifier: MIT
 *
 * The worker process: see worker.h.
 */
#include "core/run/worker.h"

#include "core/base/session.h"
#include "core/plugin/memory_limit.h"
#include "core/plugin/registry.h"
#include "core/run/post.h"
#include "core/run/prints.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static gsc_worker_page *shared_page;

/* Notes which thread is ending the process; async-signal-safe. */
static void note_end(void) {
    const gsc_guard_slot *own = gsc_guard_own_slot();
    if (own != NULL) {
        atomic_store(&shared_page->fatal_slot, (int32_t)(own - shared_page->guard.slots) + 1);
    }
}

/* The handler is reset by now, so that this kills with the signal's own name. */
static void on_crash(int number) {
    note_end();
    raise(number);
}

/* exit() from inside a lab can only be a plugin's. No further handlers: threads are still
 * computing. */
static void on_unasked_exit(int code, void *data) {
    note_end();
    _exit(code);
}

static void watch_for_crashes(void) {
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
    static char stack[64 << 10]; /* for a stack overflow of the main thread */
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    struct sigaction action = {.sa_handler = on_crash,
                               .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK | SA_NODEFER)};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        sigaction(numbers[i], &action, NULL);
    }
}

static gsc_status receive_spec(int socket, gsc_frame_reader *reader, gsc_spec **ret_spec,
                               json_t **ret_plugins, gsc_error *error) {
    gsc_frame frame;
    bool found = false;
    gsc_status status;
    while ((status = gsc_frame_reader_next(reader, &frame, &found, error)) == GSC_OK && !found) {
        unsigned char bytes[4096];
        ssize_t got = recv(socket, bytes, sizeof bytes, 0);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return gsc_fail(error, GSC_ERR_SYSTEM, "the supervisor closed its socket");
        }
        gsc_frame_reader_feed(reader, bytes, got > 0 ? (size_t)got : 0);
    }
    if (status != GSC_OK) {
        return status;
    }
    gsc_unpack in = gsc_unpack_init(frame.payload, frame.size);
    const char *text = gsc_unpack_string(&in);
    const char *plugins = gsc_unpack_string(&in);
    if (frame.type != GSC_FRAME_SPEC || !gsc_unpack_complete(&in)) {
        status = gsc_fail(error, GSC_ERR_SYSTEM, "the supervisor's first frame is not a spec");
    } else {
        status = gsc_spec_parse(text, "spec", ret_spec, error);
        *ret_plugins = json_loads(plugins, 0, NULL);
    }
    gsc_unpack_clear(&in);
    return status;
}

/* Loads the plugins of the run, and refuses one whose file changed since the supervisor looked. */
static gsc_status load_plugins(const json_t *plugins, gsc_error *error) {
    size_t i;
    json_t *plugin;
    json_array_foreach(plugins, i, plugin) {
        const char *kind = json_string_value(json_object_get(plugin, "kind"));
        const char *id = json_string_value(json_object_get(plugin, "id"));
        const char *hash = json_string_value(json_object_get(plugin, "sha256"));
        const gsc_loaded *loaded = NULL;
        for (gsc_kind k = GSC_KIND_GATE; k <= GSC_KIND_BALANCER; k++) {
            if (strcmp(gsc_kind_name(k), kind) == 0) {
                gsc_status status = gsc_registry_load(k, id, &loaded, error);
                if (status != GSC_OK) {
                    return status;
                }
            }
        }
        if (loaded == NULL || strcmp(loaded->sha256, hash) != 0) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "the file of %s %s changed after the run had checked it; run it again",
                            kind, id);
        }
    }
    return GSC_OK;
}

static gsc_status run_lab(const gsc_spec *spec, const json_t *plugins, const gsc_lab *labs,
                          size_t n_labs, gsc_sink *sink, gsc_error *error) {
    const char *name = gsc_spec_string(spec, "lab");
    for (size_t i = 0; i < n_labs; i++) {
        if (strcmp(labs[i].name, name) != 0) {
            continue;
        }
        gsc_status status = load_plugins(plugins, error);
        gsc_pool *pool = NULL;
        if (status == GSC_OK) {
            status = gsc_pool_new((unsigned)gsc_spec_int(spec, "threads"), &pool, error);
        }
        return status == GSC_OK ? labs[i].run(spec, pool, sink, error) : status;
    }
    return gsc_fail(error, GSC_ERR_INPUT, "lab is \"%s\", which this program does not have", name);
}

/* A descriptor number from the command line, or -1. */
static int parse_descriptor(const char *text) {
    char *end;
    long number = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && number > 2 && number < 65536 ? (int)number : -1;
}

int gsc_worker_main(int argc, char **argv, const gsc_lab *labs, size_t n_labs) {
    int socket = argc == 3 ? parse_descriptor(argv[1]) : -1;
    int memory = argc == 3 ? parse_descriptor(argv[2]) : -1;
    void *page = memory < 0 ? MAP_FAILED
                            : mmap(NULL, sizeof(gsc_worker_page), PROT_READ | PROT_WRITE,
                                   MAP_SHARED, memory, 0);
    if (socket < 0 || page == MAP_FAILED) {
        fprintf(stderr,
                "gatescope worker: this is the inside of `gatescope run`, which starts it\n");
        return 2;
    }
    close(memory);
    shared_page = page;
    gsc_guard_set_page(&shared_page->guard);
    gsc_background();
    gsc_error error = {0};
    gsc_frame_reader reader = {0};
    gsc_spec *spec = NULL;
    json_t *plugins = NULL;
    gsc_post *post = NULL;
    gsc_status received = receive_spec(socket, &reader, &spec, &plugins, &error);
    if (gsc_post_new(socket, &reader, shared_page, &post, received == GSC_OK ? &error : NULL) !=
        GSC_OK) {
        return 1;
    }
    if (received == GSC_OK) {
        gsc_limit_memory();
        watch_for_crashes();
        on_exit(on_unasked_exit, NULL);
        gsc_prints_begin(gsc_post_sink(post));
        received = run_lab(spec, plugins, labs, n_labs, gsc_post_sink(post), &error);
        gsc_prints_end();
    }
    gsc_post_finish(post, received, error.message);
    _exit(0);
}
