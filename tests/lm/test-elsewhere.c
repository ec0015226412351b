/* SPDX-License-Identifier: MIT
 *
 * test-elsewhere GATESCOPE SCRIPTS: a run of the program, taken up by PyTorch. Its checkpoint loads strictly by
 * SCRIPTS/lm_state.py, and SCRIPTS/lm_replay.py goes through its steps with losses within 1e-3. Skipped where the
 * Python of GATESCOPE_PYTHON, else python3, has no PyTorch.
 */
#include "tests/lm/small_run.h"
#include "tests/tap.h"

#include <limits.h>
#include <sys/wait.h>

static char said[1 << 14];

/* What the shell makes of the words, in the folder of runs; the exit code. */
static int shell(const char *format, const char *a, const char *b, const char *c) {
    char words[3 * PATH_MAX], command[4 * PATH_MAX];
    snprintf(words, sizeof words, format, a, b, c);
    snprintf(command, sizeof command, "cd %s && %s 2>&1", folder, words);
    FILE *pipe = popen(command, "r");
    const size_t n = pipe != NULL ? fread(said, 1, sizeof said - 1, pipe) : 0;
    said[n] = '\0';
    const int state = pipe != NULL ? pclose(pipe) : -1;
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static void expect(int code, const char *what) {
    if (!TAP_OK(code == 0, what)) {
        for (char *at = said; (at = strchr(at, '\n')) != NULL;) {
            *at = ' '; /* a comment is one line */
        }
        printf("# exit %d: %s\n", code, said);
    }
}

int main(int argc, char **argv) {
    char program[PATH_MAX] = "";
    const char *python = getenv("GATESCOPE_PYTHON");
    python = python != NULL && python[0] != '\0' ? python : "python3";
    if (argc != 3 || realpath(argv[1], program) == NULL) {
        printf("Bail out! usage: test-elsewhere GATESCOPE SCRIPTS\n");
        return 1;
    }
    begin_runs();
    if (shell("'%s' -c 'import numpy, torch'", python, "", "") != 0) {
        printf("1..0 # SKIP PyTorch is not installed; app/setup --peers gets it\n");
        return end_runs() ? 0 : 1;
    }
    expect(shell("'%s' run preset:lm-deepseek-v2 --quiet --set lm.data=corpus.txt "
                 "--set lm.tokenizer=bytes --set lm.layers=2 --set lm.width=32 --set lm.context=64 "
                 "--set lm.steps=20 --set lm.learning_rate=0.001 --set lm.probe_positions=512 "
                 "--set lm.validation_positions=512 -o run.gsc",
                 program, "", ""),
           "a run");
    expect(shell("'%s' '%s/lm_state.py' run.ckpt/step-0000020.safetensors", python, argv[2], ""),
           "its weights are those of PyTorch's modules, by name and shape");
    TAP_CONTAINS(said, " parameters", "all of them");
    expect(shell("'%s' export run.gsc --to csv -o told && '%s' export run.gsc --to tokens -o told",
                 program, program, ""),
           "its losses and its tokens");
    expect(
        shell("'%s' '%s/lm_replay.py' told run.ckpt/step-0000000.safetensors", python, argv[2], ""),
        "its steps give the same losses there");
    const char *largest = strstr(said, "largest gap");
    printf("# %s", largest != NULL ? largest : "no gap\n");
    TAP_OK(end_runs(), "nothing else is left");
    return tap_done();
}
