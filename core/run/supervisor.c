/* SPDX-License-Identifier: MIT
 *
 * The supervisor's loop: see supervisor.h.
 */
#include "core/run/supervisor.h"

#include "core/plugin/formula_build.h"
#include "core/run/machine.h"
#include "core/run/record.h"
#include "core/run/run_writer.h"
#include "core/run/worker_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const double commit_every_s = 0.125, stop_grace_s = 5, checkpoint_grace_s = 60;

typedef struct supervisor {
    gsc_sink tee; /* first: what frames are delivered to; onward to the writer and the watcher */
    const gsc_order *order;
    gsc_run_writer *writer;
    gsc_worker_process worker;
    gsc_frame_reader reader;
    int signals;
    double hang_s;
    double next_commit_s;
    double stop_deadline_s; /* 0: nobody asked to stop */
    char activity[256];
    bool over;
    bool found;   /* the lab has begun: it declared a series */
    bool refused; /* the lab took the spec for wrong before it began */
    gsc_outcome *outcome;
} supervisor;

static double monotonic_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void end_run(supervisor *self, gsc_run_status status, const char *failure) {
    if (!self->over) {
        self->over = true;
        self->outcome->status = status;
        snprintf(self->outcome->failure, sizeof self->outcome->failure, "%s", failure);
    }
}

/* ---- The tee --------------------------------------------------------------------------------- */
#define TEE(self, call, ...)                                                                       \
    do {                                                                                           \
        gsc_sink *watch_ = ((supervisor *)(self))->order->watch;                                   \
        if (watch_ != NULL && watch_->call != NULL) {                                              \
            watch_->call(watch_, __VA_ARGS__, NULL);                                               \
        }                                                                                          \
    } while (0)

static gsc_sink *onward(gsc_sink *self) {
    return gsc_run_writer_sink(((supervisor *)self)->writer);
}

static gsc_status tee_series(gsc_sink *self, const gsc_series_info *info, int32_t *ret_series,
                             gsc_error *error) {
    int32_t ignored = 0;
    ((supervisor *)self)->found = true;
    TEE(self, series, info, &ignored);
    return onward(self)->series(onward(self), info, ret_series, error);
}

static gsc_status tee_points(gsc_sink *self, int32_t series, const gsc_point *points, size_t n,
                             gsc_error *error) {
    TEE(self, points, series, points, n);
    return onward(self)->points(onward(self), series, points, n, error);
}

static gsc_status tee_vector(gsc_sink *self, int32_t series, double x, const float *values,
                             size_t n, gsc_error *error) {
    TEE(self, vector, series, x, values, n);
    return onward(self)->vector(onward(self), series, x, values, n, error);
}

static gsc_status tee_document(gsc_sink *self, const char *kind, const char *arm, double x,
                               int32_t replicate, const char *json, gsc_error *error) {
    TEE(self, document, kind, arm, x, replicate, json);
    return onward(self)->document(onward(self), kind, arm, x, replicate, json, error);
}

static gsc_status tee_event(gsc_sink *self, gsc_event_level level, const char *source,
                            const char *message, gsc_error *error) {
    TEE(self, event, level, source, message);
    return onward(self)->event(onward(self), level, source, message, error);
}

static gsc_status tee_result(gsc_sink *self, const gsc_result *result, gsc_error *error) {
    TEE(self, result, result);
    return onward(self)->result(onward(self), result, error);
}

static gsc_status tee_progress(gsc_sink *self, double fraction, const char *text,
                               gsc_error *error) {
    if (text[0] != '\0') {
        char *kept = ((supervisor *)self)->activity;
        snprintf(kept, sizeof((supervisor *)self)->activity, "%s", text);
    }
    TEE(self, progress, fraction, text);
    return onward(self)->progress(onward(self), fraction, text, error);
}

/* ---- Talking with the worker ----------------------------------------------------------------- */
/* Small enough for an empty socket's buffer, or sent while the worker reads: blocks briefly at
 * most. */
static gsc_status send_frame(supervisor *self, gsc_pack *pack, gsc_error *error) {
    for (size_t sent = 0; sent < pack->size;) {
        ssize_t done =
            send(self->worker.socket, pack->data + sent, pack->size - sent, MSG_NOSIGNAL);
        if (done < 0 && errno != EINTR) {
            return gsc_fail(error, GSC_ERR_SYSTEM, "cannot talk to the worker: %s",
                            strerror(errno));
        }
        sent += done > 0 ? (size_t)done : 0;
    }
    return GSC_OK;
}

static gsc_status send_spec(supervisor *self, const char *spec, const char *plugins,
                            gsc_error *error) {
    gsc_pack pack = {0};
    size_t begun = gsc_frame_begin(&pack, GSC_FRAME_SPEC);
    gsc_pack_string(&pack, spec);
    gsc_pack_string(&pack, plugins);
    gsc_status status = gsc_frame_end(&pack, begun, error);
    if (status == GSC_OK) {
        status = send_frame(self, &pack, error);
    }
    gsc_pack_clear(&pack);
    return status;
}

static void ask_to_stop(supervisor *self) {
    gsc_pack pack = {0};
    gsc_frame_end(&pack, gsc_frame_begin(&pack, GSC_FRAME_STOP), NULL);
    send_frame(self, &pack, NULL); /* a worker that does not hear runs into the deadline */
    gsc_pack_clear(&pack);
    const char *lab = gsc_spec_string(self->order->spec, "lab");
    self->stop_deadline_s =
        monotonic_s() + (strcmp(lab, "lm") == 0 ? checkpoint_grace_s : stop_grace_s);
}

static void last_word_failed(supervisor *self, const gsc_frame *frame) {
    gsc_unpack in = gsc_unpack_init(frame->payload, frame->size);
    bool refused = gsc_unpack_i32(&in) == GSC_ERR_INPUT && !self->found;
    const char *message = gsc_unpack_string(&in);
    end_run(self, GSC_RUN_FAILED,
            gsc_unpack_complete(&in) && message[0] != '\0' ? message
                                                           : "the lab failed without a sentence");
    self->refused = refused;
    gsc_unpack_clear(&in);
}

static gsc_status take_frame(supervisor *self, const gsc_frame *frame, gsc_error *error) {
    switch (frame->type) {
    case GSC_FRAME_DONE:
        end_run(self, GSC_RUN_DONE, "");
        return GSC_OK;
    case GSC_FRAME_STOPPED:
        end_run(self, GSC_RUN_STOPPED, "");
        return GSC_OK;
    case GSC_FRAME_FAILED:
        last_word_failed(self, frame);
        return GSC_OK;
    default:
        return gsc_record_deliver(frame, &self->tee, error);
    }
}

/* Reads what has come, up to a bound, so that commits keep their time; false at the end of the
 * stream. */
static bool hear_worker(supervisor *self) {
    static unsigned char bytes[256 << 10];
    ssize_t got = recv(self->worker.socket, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    gsc_frame_reader_feed(&self->reader, bytes, (size_t)got);
    gsc_error error = {0};
    gsc_frame frame;
    bool found = true;
    while (!self->over && found) {
        gsc_status status = gsc_frame_reader_next(&self->reader, &frame, &found, &error);
        if (status == GSC_OK && found) {
            status = take_frame(self, &frame, &error);
        }
        if (status != GSC_OK) {
            end_run(self, GSC_RUN_FAILED, error.message);
        }
    }
    return got > 0;
}

static void blame(supervisor *self, gsc_worker_end end, double number) {
    char sentence[GSC_ERROR_MESSAGE_SIZE];
    gsc_worker_verdict(self->worker.page, end, number, self->activity, sentence, sizeof sentence);
    end_run(self, GSC_RUN_FAILED, sentence);
}

/* The worker has ended, or closed its socket, which is the same a moment earlier. */
static void worker_left(supervisor *self) {
    enum {
        WAIT_MS = 2000
    };
    while (!self->over && hear_worker(self)) {
        struct pollfd more = {.fd = self->worker.socket, .events = POLLIN};
        if (poll(&more, 1, 0) <= 0) {
            break;
        }
    }
    if (self->over) {
        return;
    }
    if (self->stop_deadline_s > 0) {
        end_run(self, GSC_RUN_STOPPED, "");
    } else if (gsc_worker_process_ended(&self->worker, WAIT_MS)) {
        blame(self, self->worker.end, self->worker.number);
    } else {
        end_run(self, GSC_RUN_FAILED,
                "the worker closed its socket and went on; a plugin may have closed it");
    }
}

static void hear_signals(supervisor *self) {
    struct signalfd_siginfo info;
    while (read(self->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD) {
            continue;
        }
        if (self->stop_deadline_s > 0) {
            end_run(self, GSC_RUN_STOPPED, "");
        } else {
            ask_to_stop(self);
        }
    }
}

static void loop(supervisor *self) {
    gsc_error error = {0};
    while (!self->over) {
        double wait_s = self->next_commit_s - monotonic_s();
        struct pollfd ready[2] = {{.fd = self->worker.socket, .events = POLLIN},
                                  {.fd = self->signals, .events = POLLIN}};
        poll(ready, 2, wait_s > 0 ? (int)(1000 * wait_s) + 1 : 0);
        if (ready[1].revents != 0) {
            hear_signals(self);
        }
        bool open = ready[0].revents == 0 || hear_worker(self);
        if (!open || gsc_worker_process_ended(&self->worker, 0)) {
            worker_left(self);
        }
        double now_s = monotonic_s();
        if (now_s < self->next_commit_s) {
            continue;
        }
        self->next_commit_s = now_s + commit_every_s;
        if (gsc_run_writer_commit(self->writer, &error) != GSC_OK) {
            end_run(self, GSC_RUN_FAILED, error.message);
        } else if (self->stop_deadline_s > 0 && now_s > self->stop_deadline_s) {
            end_run(self, GSC_RUN_STOPPED, "");
        } else if (gsc_worker_hangs(self->worker.page, self->hang_s)) {
            blame(self, GSC_WORKER_HUNG, self->hang_s);
        }
    }
}

/* ---- Beginning and end ----------------------------------------------------------------------- */
/* Adds the plugin of that kind and id to the list, once. */
static void pick_plugin(json_t *plugins, const json_t *descriptors, const char *kind,
                        const char *id) {
    size_t at;
    json_t *one;
    json_array_foreach(plugins, at, one) {
        if (strcmp(json_string_value(json_object_get(one, "id")), id) == 0 &&
            strcmp(json_string_value(json_object_get(one, "kind")), kind) == 0) {
            return;
        }
    }
    json_array_foreach(descriptors, at, one) {
        const char *its_id = "", *its_kind = "", *version = "", *hash = "", *good = "";
        json_unpack(one, "{s?s s?s s?s s?s s?s}", "id", &its_id, "kind", &its_kind, "version",
                    &version, "sha256", &hash, "status", &good);
        if (strcmp(its_id, id) == 0 && strcmp(its_kind, kind) == 0 && strcmp(good, "ok") == 0) {
            json_array_append_new(plugins, json_pack("{ss ss ss ss}", "id", id, "kind", kind,
                                                     "version", version, "sha256", hash));
            return;
        }
    }
}

static gsc_status check_plugins(const gsc_spec *spec, const json_t *descriptors,
                                json_t **ret_plugins, gsc_error *error) {
    gsc_status status = gsc_spec_check(spec, descriptors, error);
    if (status != GSC_OK) {
        return status;
    }
    json_t *plugins = json_array();
    size_t n;
    const gsc_spec_key *keys = gsc_spec_keys(&n);
    for (size_t i = 0; i < n; i++) {
        const size_t count =
            keys[i].type == GSC_SPEC_PLUGIN ? gsc_spec_plugin_count(spec, keys[i].name) : 0;
        for (size_t at = 0; at < count; at++) {
            const char *id = gsc_spec_plugin_at(spec, keys[i].name, at);
            if (id != NULL) {
                pick_plugin(plugins, descriptors, keys[i].choices[0], id);
            }
        }
    }
    *ret_plugins = plugins;
    return GSC_OK;
}

/* Formulas become plugins here, in one process and before there is a run. */
gsc_status gsc_supervisor_check(const gsc_spec *spec, const json_t *descriptors,
                                json_t **ret_plugins, gsc_error *error) {
    json_t *all = json_copy((json_t *)descriptors);
    char *text = gsc_spec_dump(spec);
    gsc_status status = text != NULL && (all != NULL || descriptors == NULL)
                            ? GSC_OK
                            : gsc_fail(error, GSC_ERR_MEMORY, "no memory to check a spec");

    if (status == GSC_OK && all != NULL) {
        status = gsc_formula_resolve(text, all, error);
    }
    if (status == GSC_OK) {
        status = check_plugins(spec, all, ret_plugins, error);
    }
    json_decref(all);
    free(text);
    return status;
}

/* Refuses to replace the file of a run that is still going. */
static gsc_status check_replaced(const gsc_order *order, gsc_error *error) {
    gsc_run *old = NULL;
    if (order->path == NULL || !order->replace || access(order->path, F_OK) != 0 ||
        gsc_run_open(order->path, &old, NULL) != GSC_OK) {
        return GSC_OK;
    }
    bool running = gsc_run_get_info(old)->status == GSC_RUN_RUNNING;
    gsc_run_close(old);
    return !running ? GSC_OK
                    : gsc_fail(error, GSC_ERR_INPUT,
                               "%s belongs to a run that is still going: stop it first, or choose "
                               "another name with -o",
                               order->path);
}

static gsc_status make_file(supervisor *self, const char *spec, const char *plugins,
                            gsc_error *error) {
    const gsc_order *order = self->order;
    if (order->resume) {
        return gsc_run_writer_reopen(order->path, order->resume_x, &self->writer, error);
    }
    gsc_status status = check_replaced(order, error);
    if (status != GSC_OK) {
        return status;
    }
    json_t *machine = gsc_machine_describe(gsc_spec_int(order->spec, "threads"));
    char *machine_text = json_dumps(machine, JSON_COMPACT);
    const char *title = gsc_spec_string(order->spec, "title");
    gsc_run_birth birth = {.experiment = order->experiment,
                           .title = title != NULL ? title : "",
                           .spec = spec,
                           .plugins = plugins,
                           .machine = machine_text != NULL ? machine_text : "{}",
                           .seed = (uint64_t)gsc_spec_int(order->spec, "seed")};
    char folder[PATH_MAX];
    if (order->path != NULL) {
        status = gsc_run_writer_create(order->path, order->replace, &birth, &self->writer, error);
    } else {
        status = gsc_runs_folder(folder, sizeof folder, error);
        if (status == GSC_OK) {
            status = gsc_run_writer_create_named(folder, order->stem, &birth, &self->writer, error);
        }
    }
    free(machine_text);
    json_decref(machine);
    return status;
}

/* The signals come through a descriptor while the run lasts; *ret_before is the mask to go back to. A shell's
 * background job is born ignoring SIGINT, and an ignored signal never reaches the descriptor: Stop is SIGINT, so
 * it is heard all the same. */
static gsc_status take_signals(supervisor *self, sigset_t *ret_before, gsc_error *error) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    struct sigaction hangup;
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) {
        sigaddset(&set, SIGHUP);
    }
    signal(SIGINT, SIG_DFL);
    sigprocmask(SIG_BLOCK, &set, ret_before);
    self->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (self->signals < 0) {
        sigprocmask(SIG_SETMASK, ret_before, NULL);
        return gsc_fail(error, GSC_ERR_SYSTEM, "cannot watch for signals: %s", strerror(errno));
    }
    return GSC_OK;
}

/* A worker never sees the run file; it keeps checkpoints in the folder beside it, NAME.ckpt. */
static void name_checkpoints(const char *run_file) {
    char folder[PATH_MAX + 8];
    const size_t length = strlen(run_file);
    const bool ends = length > 4 && strcmp(run_file + length - 4, ".gsc") == 0;
    snprintf(folder, sizeof folder, "%.*s.ckpt", (int)(ends ? length - 4 : length), run_file);
    setenv("GATESCOPE_CHECKPOINTS", folder, 1);
}

static gsc_status begin(supervisor *self, gsc_error *error) {
    char *spec = gsc_spec_dump(self->order->spec);
    char *plugins = json_dumps(self->order->plugins, JSON_COMPACT);
    gsc_status status = spec == NULL
                            ? gsc_fail(error, GSC_ERR_MEMORY, "out of memory for the spec")
                            : make_file(self, spec, plugins != NULL ? plugins : "[]", error);
    if (status == GSC_OK) {
        snprintf(self->outcome->path, sizeof self->outcome->path, "%s",
                 gsc_run_writer_path(self->writer));
        gsc_error failed = {0};
        name_checkpoints(self->outcome->path);
        if (gsc_worker_process_start(self->order->worker, &self->worker, &failed) != GSC_OK) {
            end_run(self, GSC_RUN_FAILED, failed.message);
        } else if (send_spec(self, spec, plugins != NULL ? plugins : "[]", &failed) != GSC_OK) {
            worker_left(self);
        }
    }
    free(spec);
    free(plugins);
    return status;
}

gsc_status gsc_supervise(const gsc_order *order, gsc_outcome *ret_outcome, gsc_error *error) {
    supervisor self = {.tee = {.series = tee_series,
                               .points = tee_points,
                               .vector = tee_vector,
                               .document = tee_document,
                               .event = tee_event,
                               .result = tee_result,
                               .progress = tee_progress},
                       .order = order,
                       .hang_s = gsc_spec_real(order->spec, "run.hang_s"),
                       .outcome = ret_outcome};
    *ret_outcome = (gsc_outcome){.status = GSC_RUN_FAILED};
    sigset_t before;
    gsc_status status = take_signals(&self, &before, error);
    if (status != GSC_OK) {
        return status;
    }
    /* Who started the run may be gone: a closed terminal or window costs its messages, not the run. */
    void (*broken_pipe)(int) = signal(SIGPIPE, SIG_IGN);
    status = begin(&self, error);
    if (status == GSC_OK) {
        loop(&self);
        if (ret_outcome->status == GSC_RUN_DONE || ret_outcome->status == GSC_RUN_STOPPED) {
            gsc_worker_process_ended(&self.worker, 1000);
        }
        gsc_worker_process_clear(&self.worker);
    }
    gsc_error failed = {0};
    if (status == GSC_OK && self.refused) {
        status = gsc_fail(error, GSC_ERR_INPUT, "%s", ret_outcome->failure);
        gsc_run_writer_discard(self.writer);
        self.writer = NULL;
    } else if (status == GSC_OK) {
        if (gsc_run_writer_finish(self.writer, ret_outcome->status, ret_outcome->failure,
                                  &failed) != GSC_OK) {
            ret_outcome->status = GSC_RUN_FAILED;
            snprintf(ret_outcome->failure, sizeof ret_outcome->failure, "%s", failed.message);
        }
    }
    gsc_frame_reader_clear(&self.reader);
    gsc_run_writer_free(self.writer);
    struct signalfd_siginfo info;
    while (read(self.signals, &info, sizeof info) == (ssize_t)sizeof info) {
    }
    close(self.signals);
    signal(SIGPIPE, broken_pipe);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}
