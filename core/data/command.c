/* SPDX-License-Identifier: MIT
 *
 * Runs one of the system's programs: see command.h.
 */
#include "core/data/command.h"

#include "core/data/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int start(const gsc_command *command, int messages, pid_t *ret_child) {
    static char english[] = "LC_ALL=C", quiet[] = "DEBIAN_FRONTEND=noninteractive", env[] = "env";
    char libraries[GSC_DATA_PATH_SIZE + 32] = "GATESCOPE=1";
    if (command->libraries != NULL) {
        snprintf(libraries, sizeof libraries, "LD_LIBRARY_PATH=%s", command->libraries);
    }
    char *words[GSC_MAX_COMMAND_WORDS + 5] = {env, english, quiet, libraries};
    for (int i = 0; i < GSC_MAX_COMMAND_WORDS && command->words[i] != NULL; i++) {
        words[4 + i] = (char *)command->words[i];
    }
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0) {
        return code;
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, messages, 2);
    if (command->output != NULL) {
        posix_spawn_file_actions_addopen(&actions, 1, command->output, O_WRONLY | O_CREAT | O_TRUNC,
                                         0666);
    } else {
        posix_spawn_file_actions_adddup2(&actions, messages, 1);
    }
    if (command->folder != NULL) {
        posix_spawn_file_actions_addchdir_np(&actions, command->folder);
    }
    code = posix_spawnp(ret_child, env, &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

/* Adds to the kept end of the messages. */
static void keep(char output[GSC_COMMAND_OUTPUT], const char *bytes, size_t size) {
    size_t have = strlen(output), most = GSC_COMMAND_OUTPUT - 1;
    if (size > most) {
        bytes += size - most;
        size = most;
    }
    if (have + size > most) {
        size_t drop = have + size - most;
        memmove(output, output + drop, have - drop);
        have -= drop;
    }
    memcpy(output + have, bytes, size);
    output[have + size] = '\0';
}

/* Until the program closes its messages; false: it was told to stop. */
static bool listen_to(const gsc_command *command, int messages, pid_t child,
                      char output[GSC_COMMAND_OUTPUT]) {
    for (;;) {
        struct pollfd wait = {.fd = messages, .events = POLLIN};
        int ready = poll(&wait, 1, 100);
        if (command->tick != NULL && !command->tick(command->context)) {
            kill(child, SIGTERM);
            return false;
        }
        if (ready > 0) {
            char block[1024];
            ssize_t size = read(messages, block, sizeof block);
            if (size == 0 || (size < 0 && errno != EINTR)) {
                return true;
            }
            keep(output, block, size > 0 ? (size_t)size : 0);
        }
    }
}

gsc_status gsc_command_run(const gsc_command *command, char ret_output[GSC_COMMAND_OUTPUT],
                           int *ret_code, gsc_error *error) {
    int ends[2], state = 0;
    pid_t child = 0;
    ret_output[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return gsc_fail(error, GSC_ERR_SYSTEM, "%s cannot be started: %s", command->words[0],
                        strerror(errno));
    }
    int code = start(command, ends[1], &child);
    close(ends[1]);
    bool stopped = code == 0 && !listen_to(command, ends[0], child, ret_output);
    close(ends[0]);
    if (code != 0) {
        return gsc_fail(error, GSC_ERR_SYSTEM, "%s cannot be started: %s", command->words[0],
                        strerror(code));
    }
    while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
    }
    if (stopped) {
        return gsc_fail(error, GSC_ERR_STOPPED, "%s was stopped", command->words[0]);
    }
    *ret_code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    return GSC_OK;
}
