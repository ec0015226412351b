/* SPDX-License-Identifier: MIT
 *
 * `gatescope bench plot [--json]`: writes a run of ten million points (a random walk with 2% noise)
 * and has gatescope-plot, which stands beside this program, open it and draw long lines. No budget
 * has a peer here: other plotting tools do not open run files. Layer: app.
 */
#include "app/commands.h"
#include "core/run/run_writer.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    POINTS = 10000000,
    CHUNK = 1 << 14,
    CHUNKS_A_COMMIT = 16
};

static double uniform(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 33) + 0.5) / 2147483648.0;
}

static gsc_status write_points(gsc_run_writer *writer, gsc_error *error) {
    gsc_sink *sink = gsc_run_writer_sink(writer);
    gsc_series_info info = GSC_SERIES_INIT;
    int32_t series;
    uint64_t state = 1;
    double walk = 3;
    info.name = "loss";
    info.title = info.y_title = "Loss";
    info.unit = "nat";
    info.definition = "a random walk with 2% noise";
    info.x_name = "step";
    info.x_title = "Step";
    info.panel = "loss";
    gsc_point *points = malloc(CHUNK * sizeof *points);
    gsc_status status = points != NULL
                            ? sink->series(sink, &info, &series, error)
                            : gsc_fail(error, GSC_ERR_MEMORY, "no memory to write a run");
    for (size_t done = 0, chunk = 1; status == GSC_OK && done < POINTS; chunk++) {
        size_t n = POINTS - done < CHUNK ? POINTS - done : CHUNK;
        for (size_t i = 0; i < n; i++) {
            walk += (2 * uniform(&state) - 1) * 1.7 / sqrt(POINTS);
            points[i] =
                (gsc_point){(double)(done + i), walk + 0.04 * (2 * uniform(&state) - 1), -1};
        }
        status = sink->points(sink, series, points, n, error);
        done += n;
        if (status == GSC_OK && chunk % CHUNKS_A_COMMIT == 0) {
            status = gsc_run_writer_commit(writer, error);
        }
    }
    free(points);
    return status;
}

static gsc_status write_run(const char *path, gsc_error *error) {
    static const gsc_run_birth birth = {.experiment = "",
                                        .title = "Ten million points",
                                        .spec = "{\"lab\": \"lm\", \"lm\": {\"steps\": 10000000}}",
                                        .plugins = "[]",
                                        .machine = "{}",
                                        .seed = 1};
    gsc_run_writer *writer = NULL;
    gsc_status status = gsc_run_writer_create(path, true, &birth, &writer, error);
    if (status != GSC_OK) {
        return status;
    }
    status = write_points(writer, error);
    if (status == GSC_OK) {
        status = gsc_run_writer_finish(writer, GSC_RUN_DONE, "", error);
    }
    gsc_run_writer_free(writer);
    return status;
}

/* Runs gatescope-plot's half; its exit code. */
static int draw(const char *program, const char *file, bool json) {
    pid_t child = fork();
    if (child == 0) {
        execl(program, program, "bench", "--open", file, json ? "--json" : (char *)NULL,
              (char *)NULL);
        _exit(127);
    }
    int state = 0;
    while (child > 0 && waitpid(child, &state, 0) < 0 && errno == EINTR) {
    }
    if (child < 0 || !WIFEXITED(state)) {
        fprintf(stderr, "gatescope bench plot: gatescope-plot did not come to its end\n");
        return 1;
    }
    return WEXITSTATUS(state);
}

int gsc_cmd_bench_plot(int argc, char **argv) {
    char program[PATH_MAX], folder[PATH_MAX], file[PATH_MAX + 16];
    gsc_error error = {.status = GSC_OK};
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    if (argc > 2 || (argc == 2 && !json)) {
        fprintf(stderr, "Usage: gatescope bench plot [--json]\n");
        return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
    }
    if (!gsc_beside("gatescope-plot", program, sizeof program)) {
        fprintf(stderr, "gatescope bench plot: gatescope-plot was not built; see gatescope plot\n");
        return 1;
    }
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/gatescope-bench-XXXXXX",
             temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp");
    if (mkdtemp(folder) == NULL) {
        fprintf(stderr, "gatescope bench plot: no folder for a run can be made in %s: %s\n", folder,
                strerror(errno));
        return 1;
    }
    snprintf(file, sizeof file, "%s/bench.gsc", folder);
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "writing a run of ten million points…\n");
    }
    int code = 1;
    if (write_run(file, &error) == GSC_OK) {
        code = draw(program, file, json);
    } else {
        fprintf(stderr, "gatescope bench plot: %s\n", error.message);
    }
    unlink(file);
    rmdir(folder);
    return code;
}
