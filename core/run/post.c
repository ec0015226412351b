/* SPDX-License-Identifier: MIT
 *
 * The thread between a lab and the socket: see post.h.
 */
#include "core/run/post.h"

#include "core/run/prints.h"
#include "core/run/record.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_UNSENT = 32 << 20,
    TICK_MS = 20,
};

struct gsc_post {
    gsc_sink sink; /* first: the sink is the post */
    int socket;
    gsc_worker_page *page;
    gsc_frame_reader reader;
    atomic_bool stopped;
    pthread_mutex_t lock;   /* of all below */
    pthread_cond_t drained; /* what was taken of unsent is sent */
    gsc_pack unsent;
    gsc_pack sending; /* the thread's own; sent bytes of it are gone */
    size_t sent;
    bool busy; /* sending is not yet sent */
    int32_t n_series;
};

/* The supervisor is gone: nobody wants the results, and nobody should find this process later. */
static void orphaned(gsc_post *post) {
    atomic_store(&post->page->fatal_slot, GSC_SOCKET_LOST);
    _exit(1);
}

static void hear(gsc_post *post) {
    unsigned char bytes[4096];
    ssize_t got = recv(post->socket, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        orphaned(post);
    }
    if (got > 0) {
        gsc_frame_reader_feed(&post->reader, bytes, (size_t)got);
    }
    gsc_frame frame;
    bool found;
    while (gsc_frame_reader_next(&post->reader, &frame, &found, NULL) == GSC_OK && found) {
        if (frame.type == GSC_FRAME_STOP) {
            atomic_store(&post->stopped, true);
        }
    }
}

static void carry(gsc_post *post) {
    pthread_mutex_lock(&post->lock);
    if (!post->busy && post->unsent.size > 0) {
        gsc_pack empty = post->sending;
        empty.size = 0;
        post->sending = post->unsent;
        post->unsent = empty;
        post->sent = 0;
        post->busy = true;
    }
    bool busy = post->busy;
    pthread_mutex_unlock(&post->lock);
    if (!busy) {
        return;
    }
    ssize_t done = send(post->socket, post->sending.data + post->sent,
                        post->sending.size - post->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done < 0 && errno != EAGAIN && errno != EINTR) {
        orphaned(post);
    }
    post->sent += done > 0 ? (size_t)done : 0;
    if (post->sent == post->sending.size) {
        pthread_mutex_lock(&post->lock);
        post->busy = false;
        pthread_cond_broadcast(&post->drained);
        pthread_mutex_unlock(&post->lock);
    }
}

static void *post_thread(void *data) {
    gsc_post *post = data;
    for (;;) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        atomic_store(&post->page->guard.heartbeat_ns,
                     (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
        pthread_mutex_lock(&post->lock);
        bool busy = post->busy;
        pthread_mutex_unlock(&post->lock);
        struct pollfd ready = {.fd = post->socket,
                               .events = (short)(busy ? POLLIN | POLLOUT : POLLIN)};
        if (poll(&ready, 1, TICK_MS) > 0 && (ready.revents & ~POLLOUT) != 0) {
            hear(post);
        }
        gsc_prints_listen();
        carry(post);
    }
    return NULL;
}

/* Every record passes here: kept first, so that nothing found is lost, then the wish to stop. */
static gsc_pack *begin_record(gsc_post *post) {
    pthread_mutex_lock(&post->lock);
    while (post->unsent.size > MAX_UNSENT) {
        pthread_cond_wait(&post->drained, &post->lock);
    }
    return &post->unsent;
}

static gsc_status end_record(gsc_post *post, gsc_status status, gsc_error *error) {
    pthread_mutex_unlock(&post->lock);
    if (status == GSC_OK && atomic_load(&post->stopped)) {
        return gsc_fail(error, GSC_ERR_STOPPED, "the run was stopped");
    }
    return status;
}

static gsc_status post_series(gsc_sink *self, const gsc_series_info *info, int32_t *ret_series,
                              gsc_error *error) {
    gsc_post *post = (gsc_post *)self;
    gsc_status status = gsc_record_series(begin_record(post), info, error);
    if (status == GSC_OK) {
        *ret_series = post->n_series++;
    }
    return end_record(post, status, error);
}

static gsc_status post_points(gsc_sink *self, int32_t series, const gsc_point *points, size_t n,
                              gsc_error *error) {
    gsc_post *post = (gsc_post *)self;
    return end_record(post, gsc_record_points(begin_record(post), series, points, n, error), error);
}

static gsc_status post_vector(gsc_sink *self, int32_t series, double x, const float *values,
                              size_t n, gsc_error *error) {
    gsc_post *post = (gsc_post *)self;
    return end_record(post, gsc_record_vector(begin_record(post), series, x, values, n, error),
                      error);
}

static gsc_status post_document(gsc_sink *self, const char *kind, const char *arm, double x,
                                int32_t replicate, const char *json, gsc_error *error) {
    gsc_post *post = (gsc_post *)self;
    gsc_status status =
        gsc_record_document(begin_record(post), kind, arm, x, replicate, json, error);
    return end_record(post, status, error);
}

static gsc_status post_event(gsc_sink *self, gsc_event_level level, const char *source,
                             const char *message, gsc_error *error) {
    gsc_post *post = (gsc_post *)self;
    return end_record(post, gsc_record_event(begin_record(post), level, source, message, error),
                      error);
}

static gsc_status post_result(gsc_sink *self, const gsc_result *result, gsc_error *error) {
    gsc_post *post = (gsc_post *)self;
    return end_record(post, gsc_record_result(begin_record(post), result, error), error);
}

static gsc_status post_progress(gsc_sink *self, double fraction, const char *text,
                                gsc_error *error) {
    gsc_post *post = (gsc_post *)self;
    return end_record(post, gsc_record_progress(begin_record(post), fraction, text, error), error);
}

gsc_status gsc_post_new(int socket, gsc_frame_reader *reader, gsc_worker_page *page,
                        gsc_post **ret_post, gsc_error *error) {
    gsc_post *post = calloc(1, sizeof *post);
    if (post == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "out of memory for the worker's post");
    }
    post->sink = (gsc_sink){.series = post_series,
                            .points = post_points,
                            .vector = post_vector,
                            .document = post_document,
                            .event = post_event,
                            .result = post_result,
                            .progress = post_progress};
    post->socket = socket;
    post->page = page;
    post->reader = *reader;
    pthread_mutex_init(&post->lock, NULL);
    pthread_cond_init(&post->drained, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int code = pthread_create(&thread, NULL, post_thread, post);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0) {
        free(post);
        return gsc_fail(error, GSC_ERR_SYSTEM, "cannot start the worker's post thread: %s",
                        strerror(code));
    }
    pthread_detach(thread);
    *reader = (gsc_frame_reader){0};
    *ret_post = post;
    return GSC_OK;
}

gsc_sink *gsc_post_sink(gsc_post *post) {
    return &post->sink;
}

void gsc_post_finish(gsc_post *post, gsc_status status, const char *message) {
    pthread_mutex_lock(&post->lock);
    gsc_frame_type type = status == GSC_OK            ? GSC_FRAME_DONE
                          : status == GSC_ERR_STOPPED ? GSC_FRAME_STOPPED
                                                      : GSC_FRAME_FAILED;
    size_t begun = gsc_frame_begin(&post->unsent, type);
    if (type == GSC_FRAME_FAILED) {
        gsc_pack_i32(&post->unsent, (int32_t)status);
        gsc_pack_string(&post->unsent, message);
    }
    gsc_frame_end(&post->unsent, begun, NULL);
    while (post->busy || (post->unsent.size > 0 && !post->unsent.failed)) {
        pthread_cond_wait(&post->drained, &post->lock);
    }
    pthread_mutex_unlock(&post->lock);
}
