/* SPDX-License-Identifier: MIT
 *
 * What plugins print: see prints.h. The C library's streams are replaced by ones whose writing runs on
 * the thread that prints, inside the plugin's call, so that its own note says who it is.
 */
#include "core/run/prints.h"

#include "core/plugin/guard.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_SOURCES = 16,
    MAX_SHOWN = 64 << 10, /* bytes that reach the terminal */
    MAX_QUOTED = 60
};

/* One function of one plugin that printed. */
typedef struct source {
    char plugin[GSC_GUARD_NAME], function[GSC_GUARD_NAME];
    int64_t first_step;
    uint64_t lines, bytes;
    bool told;
} source;

static struct {
    pthread_mutex_t lock; /* of all below */
    gsc_sink *sink;
    int ear; /* the reading end of what descriptor 1 has become; -1: none */
    size_t n_sources, shown;
    source sources[MAX_SOURCES];
} prints = {.lock = PTHREAD_MUTEX_INITIALIZER, .ear = -1};

/* To the terminal, or wherever standard error leads. */
static void show(const char *text, size_t size) {
    static const char end[] = "[what plugins print further is counted, not shown]\n";
    const size_t room = prints.shown < MAX_SHOWN ? MAX_SHOWN - prints.shown : 0;
    const size_t part = size < room ? size : room;
    ssize_t done = part > 0 ? write(STDERR_FILENO, text, part) : 0;
    if (part < size && room > 0) {
        done = write(STDERR_FILENO, end, sizeof end - 1);
    }
    (void)done;
    prints.shown += part;
}

/* The row of a function; the last one where there are too many. */
static source *find(const gsc_guard_slot *slot) {
    size_t i = 0;
    while (i < prints.n_sources &&
           (strncmp(prints.sources[i].plugin, slot->plugin, GSC_GUARD_NAME) != 0 ||
            strncmp(prints.sources[i].function, slot->function, GSC_GUARD_NAME) != 0)) {
        i++;
    }
    if (i == prints.n_sources && i < MAX_SOURCES) {
        source *row = &prints.sources[prints.n_sources++];
        memcpy(row->plugin, slot->plugin, GSC_GUARD_NAME - 1);
        memcpy(row->function, slot->function, GSC_GUARD_NAME - 1);
        row->first_step = slot->step;
    }
    return &prints.sources[i < MAX_SOURCES ? i : MAX_SOURCES - 1];
}

static source *count(const gsc_guard_slot *slot, const char *text, size_t size) {
    source *row = find(slot);
    row->bytes += size;
    for (size_t i = 0; i < size; i++) {
        row->lines += text[i] == '\n';
    }
    return row;
}

static void tell_first(const source *row, const char *text, size_t size) {
    char quoted[MAX_QUOTED + 1], message[512];
    size_t n = 0;
    for (; n < size && n < MAX_QUOTED && text[n] != '\n'; n++) {
        quoted[n] = (char)(text[n] >= ' ' && text[n] <= '~' && text[n] != '"' ? text[n] : '?');
    }
    quoted[n] = '\0';
    snprintf(message, sizeof message,
             "%s printed \"%s\" in %s at step %" PRId64
             "; the run goes on, but a plugin has nothing to print",
             row->plugin, quoted, row->function, row->first_step);
    prints.sink->event(prints.sink, GSC_EVENT_WARNING, "plugin", message, NULL);
}

/* The streams' writer, on the thread that prints. */
static ssize_t hear(void *cookie, const char *text, size_t size) {
    (void)cookie;
    const gsc_guard_slot *slot = gsc_guard_own_slot();
    const bool inside = slot != NULL && slot->entered_ns != 0;
    pthread_mutex_lock(&prints.lock);
    show(text, size);
    source *row = inside ? count(slot, text, size) : NULL;
    const bool first = row != NULL && !row->told;
    source told = {0};
    if (first) {
        row->told = true;
        told = *row;
    }
    pthread_mutex_unlock(&prints.lock);
    if (first) {
        tell_first(&told, text, size);
    }
    return (ssize_t)size;
}

/* The thread that is inside a plugin, else the last that was. */
static const gsc_guard_slot *suspect(void) {
    const gsc_guard_page *page = gsc_guard_get_page();
    const gsc_guard_slot *found = NULL;
    for (int i = 0; i < GSC_GUARD_SLOTS; i++) {
        const gsc_guard_slot *slot = &page->slots[i];
        if (slot->plugin[0] != '\0' &&
            (found == NULL || (found->entered_ns == 0 && slot->entered_ns != 0))) {
            found = slot;
        }
    }
    return found;
}

void gsc_prints_listen(void) {
    char text[4096];
    pthread_mutex_lock(&prints.lock);
    for (int turn = 0; prints.ear >= 0 && turn < 16; turn++) {
        const ssize_t got = read(prints.ear, text, sizeof text);
        if (got <= 0) {
            break;
        }
        show(text, (size_t)got);
        const gsc_guard_slot *slot = suspect();
        if (slot != NULL) {
            count(slot, text, (size_t)got);
        }
    }
    pthread_mutex_unlock(&prints.lock);
}

static FILE *open_stream(void) {
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = hear});
    if (stream != NULL) {
        setvbuf(stream, NULL, _IONBF, 0); /* a text is written while its caller is inside */
    }
    return stream;
}

void gsc_prints_begin(gsc_sink *sink) {
    int ends[2];
    FILE *out = open_stream(), *err = open_stream();
    if (out == NULL || err == NULL) {
        return;
    }
    prints.sink = sink;
    stdout = out;
    stderr = err;
    if (pipe2(ends, O_CLOEXEC) == 0) {
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[1]);
        pthread_mutex_lock(&prints.lock);
        prints.ear = ends[0];
        pthread_mutex_unlock(&prints.lock);
    }
}

void gsc_prints_end(void) {
    gsc_prints_listen();
    for (size_t i = 0; i < prints.n_sources; i++) {
        const source *row = &prints.sources[i];
        char message[512];
        snprintf(message, sizeof message,
                 "%s printed %" PRIu64 " lines (%" PRIu64
                 " bytes) in %s, the first at step %" PRId64,
                 row->plugin, row->lines, row->bytes, row->function, row->first_step);
        if (row->lines > 1 || !row->told) {
            prints.sink->event(prints.sink, GSC_EVENT_WARNING, "plugin", message, NULL);
        }
    }
}
