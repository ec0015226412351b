/* SPDX-License-Identifier: MIT
 *
 * The plugin kit: see kit.h.
 */
#include "core/plugin/kit.h"

#include "core/base/sha256.h"
#include "core/plugin/check.h"
#include "core/plugin/place.h"
#include "core/plugin/registry.h"
#include "kit_text.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAX_WORDS = 48
};

/* What makes exp, log, tanh and erf vector code and changes no number otherwise; never -ffast-math, which
 * switches the whole process to flush-to-zero on loading. */
static const char *const flags[] = {
    "-std=gnu17",
    "-O3",
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=off",
    "-Wall",
    "-Wl,-z,defs",
};

/* ---- New ---- */

typedef struct model {
    const char *name, *title, *text;
} model;

static const model models[] = {
    {"my_gate", "My gate", GSC_KIT_GATE},
    {"my_expert", "My expert", GSC_KIT_EXPERT},
    {"my_balancer", "My balancer", GSC_KIT_BALANCER},
};

static bool is_name(const char *name) {
    size_t length = strlen(name);
    bool good = length > 0 && length <= GSC_MAX_ID && islower((unsigned char)name[0]);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];
        good = good && c < 0x80 && (islower(c) || isdigit(c) || c == '_');
    }
    return good;
}

/* "my_first_gate" -> "My first gate" */
static void title_of(const char *name, char *ret_title) {
    strcpy(ret_title, name);
    for (char *c = ret_title; *c != '\0'; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    ret_title[0] = (char)toupper((unsigned char)ret_title[0]);
}

/* The template with its name and title replaced; the caller frees. NULL: no memory. */
static char *fill_in(const model *from, const char *name, const char *title) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return NULL;
    }
    for (const char *at = from->text; *at != '\0';) {
        if (strncmp(at, from->name, strlen(from->name)) == 0) {
            fputs(name, out);
            at += strlen(from->name);
        } else if (strncmp(at, from->title, strlen(from->title)) == 0) {
            fputs(title, out);
            at += strlen(from->title);
        } else {
            fputc(*at++, out);
        }
    }
    return fclose(out) == 0 ? text : NULL;
}

gsc_status gsc_kit_new(gsc_kind kind, const char *name, const char *folder,
                       char ret_path[GSC_PLUGIN_PATH_SIZE], gsc_error *error) {
    const model *from = &models[kind - GSC_KIND_GATE];
    char title[GSC_MAX_ID + 1];
    if (!is_name(name)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "\"%.80s\" is no name for a plugin; a name is a-z, 0-9 and _, begins with "
                        "a letter and has at most %d characters",
                        name, (int)GSC_MAX_ID);
    }
    title_of(name, title);
    gsc_status status = gsc_place_make(folder, error);
    if (status != GSC_OK) {
        return status;
    }
    int length = snprintf(ret_path, GSC_PLUGIN_PATH_SIZE, "%s/%s.c", folder, name);
    if (length < 0 || length >= GSC_PLUGIN_PATH_SIZE) {
        return gsc_fail(error, GSC_ERR_INPUT, "the path %.200s... is too long", folder);
    }
    char *text = fill_in(from, name, title);
    FILE *file = text != NULL ? fopen(ret_path, "wxe") : NULL;
    int why = text != NULL ? errno : ENOMEM;
    if (file != NULL) {
        why = fputs(text, file) < 0 ? errno : 0;
        why = fclose(file) != 0 && why == 0 ? errno : why;
    }
    free(text);
    if (why == EEXIST) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s is there already and stays as it is; take "
                        "another name or folder",
                        ret_path);
    }
    return file != NULL && why == 0
               ? GSC_OK
               : gsc_fail(error, GSC_ERR_IO, "%s cannot be written (%s)", ret_path, strerror(why));
}

/* ---- Folders ---- */

gsc_status gsc_kit_user_folder(char ret_path[GSC_PLUGIN_PATH_SIZE], gsc_error *error) {
    gsc_status status = gsc_place_data("plugins", ret_path, GSC_PLUGIN_PATH_SIZE, error);
    return status == GSC_OK ? gsc_place_make(ret_path, error) : status;
}

gsc_status gsc_kit_include_folder(char ret_path[GSC_PLUGIN_PATH_SIZE], gsc_error *error) {
    static const char header[] = GSC_KIT_HEADER;
    char hash[GSC_SHA256_TEXT_SIZE], name[64], folder[GSC_PLUGIN_PATH_SIZE];
    char path[GSC_PLUGIN_PATH_SIZE];
    gsc_sha256_text(header, sizeof header - 1, hash);
    snprintf(name, sizeof name, "include-%.16s", hash);
    gsc_status status = gsc_place_cache(name, ret_path, GSC_PLUGIN_PATH_SIZE, error);
    int length =
        snprintf(folder, sizeof folder, "%.900s/gatescope", status == GSC_OK ? ret_path : "");
    snprintf(path, sizeof path, "%.*s/plugin.h", length, folder);
    if (status == GSC_OK) {
        status = gsc_place_make(folder, error);
    }
    if (status == GSC_OK && access(path, R_OK) != 0) {
        status = gsc_place_write(path, header, sizeof header - 1, error);
        status = status == GSC_OK ? status : gsc_fail_prefix(error, status, "gatescope/plugin.h");
    }
    return status;
}

/* ---- Build ---- */

/* The compiler's command: words point into compiler, include and the arguments. */
typedef struct command {
    char compiler[256], include[GSC_PLUGIN_PATH_SIZE + 2];
    char *words[MAX_WORDS];
} command;

static gsc_status make_command(command *made, const char *source, const char *out,
                               gsc_error *error) {
    const char *cc = getenv("CC");
    snprintf(made->compiler, sizeof made->compiler, "%s", cc != NULL && cc[0] != '\0' ? cc : "cc");
    size_t n = 0;
    char *rest = NULL;
    for (char *word = strtok_r(made->compiler, " ", &rest); word != NULL && n < 8;
         word = strtok_r(NULL, " ", &rest)) {
        made->words[n++] = word;
    }
    if (n == 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "the variable CC is blank; name a C compiler or unset it");
    }
    char folder[GSC_PLUGIN_PATH_SIZE];
    gsc_status status = gsc_kit_include_folder(folder, error);
    if (status != GSC_OK) {
        return status;
    }
    snprintf(made->include, sizeof made->include, "-I%s", folder);
    for (size_t i = 0; i < GSC_COUNT(flags); i++) {
        made->words[n++] = (char *)flags[i];
    }
    made->words[n++] = made->include;
    made->words[n++] = (char *)"-o";
    made->words[n++] = (char *)out;
    made->words[n++] = (char *)source;
    made->words[n++] = (char *)"-lm";
    made->words[n] = NULL;
    return GSC_OK;
}

gsc_status gsc_kit_command(const char *source, const char *out, char *ret_text, size_t size,
                           gsc_error *error) {
    command made;
    gsc_status status = make_command(&made, source, out, error);
    size_t used = 0;
    for (size_t i = 0; status == GSC_OK && made.words[i] != NULL; i++) {
        const char *word = made.words[i];
        bool plain = strpbrk(word, " \t'\"$&;()*?<>|\\") == NULL;
        int n = snprintf(ret_text + used, size - used, "%s%s%s%s", i > 0 ? " " : "",
                         plain ? "" : "'", word, plain ? "" : "'");
        used += n > 0 && used + (size_t)n < size ? (size_t)n : 0;
    }
    return status;
}

static gsc_status run_compiler(char **words, const char *source, gsc_error *error) {
    extern char **environ;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    pid_t pid;
    int why = posix_spawnp(&pid, words[0], &actions, NULL, words, environ), state = 0;
    posix_spawn_file_actions_destroy(&actions);
    if (why != 0) {
        return gsc_fail(error, GSC_ERR_SYSTEM,
                        "the C compiler \"%s\" cannot be run (%s); install one, on Debian with "
                        "`apt install gcc libc6-dev`, or name another in the variable CC",
                        words[0], strerror(why));
    }
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(state)) {
        return gsc_fail(error, GSC_ERR_SYSTEM, "the C compiler \"%s\" was killed by signal %d",
                        words[0], WTERMSIG(state));
    }
    if (WEXITSTATUS(state) == 127) {
        return gsc_fail(error, GSC_ERR_SYSTEM,
                        "the C compiler \"%s\" is not there; install one, on Debian with `apt "
                        "install gcc libc6-dev`, or name another in the variable CC",
                        words[0]);
    }
    return WEXITSTATUS(state) == 0
               ? GSC_OK
               : gsc_fail(error, GSC_ERR_PLUGIN,
                          "%s does not compile; the compiler says above where and why", source);
}

gsc_status gsc_kit_build(const char *source, const char *out, gsc_error *error) {
    char temporary[GSC_PLUGIN_PATH_SIZE + 16], absolute[PATH_MAX];
    const char *slash = strrchr(out, '/');
    int head = slash != NULL ? (int)(slash - out) + 1 : 0;
    if (access(source, R_OK) != 0 || realpath(source, absolute) == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s cannot be read (%s)", source, strerror(errno));
    }
    /* A hidden name: nobody lists it before it is whole. */
    int length =
        snprintf(temporary, sizeof temporary, "%.*s.%s.%d", head, out, out + head, (int)getpid());
    if (length < 0 || (size_t)length >= sizeof temporary) {
        return gsc_fail(error, GSC_ERR_INPUT, "the path %.200s... is too long", out);
    }
    command made;
    gsc_status status = make_command(&made, source, temporary, error);
    if (status == GSC_OK) {
        status = run_compiler(made.words, source, error);
    }
    if (status == GSC_OK && rename(temporary, out) != 0) {
        status = gsc_fail(error, GSC_ERR_IO, "%s cannot be written (%s)", out, strerror(errno));
    }
    if (status != GSC_OK) {
        unlink(temporary);
    }
    return status;
}
