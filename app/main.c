/* SPDX-License-Identifier: MIT
 *
 * gatescope: the command line. Finds the subcommand in the table below and runs it; with no command
 * it opens the window. `gatescope help --man` writes the manual page.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "app/man_page.h"
#include "core/read/spec.h"
#include "core/run/build_info.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const gsc_command commands[] = {
    {"run", "[SPEC.json|preset:NAME] [-o FILE.gsc] [--set KEY=VALUE]…", "run an experiment",
     "  SPEC.json|preset:NAME  what to run (preset:first); `gatescope presets` lists presets\n"
     "  -o FILE.gsc            the run file; else a new one in the runs folder\n"
     "  --set KEY=VALUE        changes a key of the spec: theory.sizes=[100,1000], gate=sigmoid\n"
     "  --seed N               the same as --set seed=N\n"
     "  --threads N            the same as --set threads=N; 0 takes all cores\n"
     "  --device cpu           where to compute\n"
     "  --force                replace FILE.gsc where it exists\n"
     "  --quiet                alarms and errors only\n\n"
     "Progress goes to stderr, the run file's path to stdout. Ctrl-C stops the run and keeps what it\n"
     "found; a second one does not wait.\n",
     gsc_cmd_run},
    {"sweep", "SWEEP.json|preset:NAME|DIR -o DIR [-j N]",
     "run the arms of a question, seed by seed",
     "  SWEEP.json|preset:NAME   base, axes, seeds, hypothesis; `gatescope presets` lists presets\n"
     "  DIR                      goes on with the sweep of a folder; runs that stopped begin again\n"
     "  -o DIR                   the folder: sweep.json, todo/, running/, done/, runs/\n"
     "  -j N                     runs at once; else as many as cores and memory allow\n"
     "  --threads N              threads of each run; else cores / runs at once\n"
     "  --set KEY=VALUE          changes seeds, margin, hypothesis, result or a key of the base\n"
     "  --plan                   what it would be: arms, runs, memory, time; runs nothing\n"
     "  --status                 where the sweep of DIR stands (--json: every run)\n"
     "  --pause, --continue      no run of DIR is begun until it goes on\n"
     "  --quiet                  errors only\n\n"
     "Arms share seeds, data order and initial weights. Hypothesis, seeds and margin are set before the\n"
     "first run and hashed into every one. Progress goes to stderr, the folder to stdout. Ctrl-C stops the\n"
     "runs under way; `gatescope sweep DIR` begins them again. `gatescope compare DIR` gives the verdicts.\n",
     gsc_cmd_sweep},
    {"compare", "DIR|FILE.gsc… [--json]",
     "arms over pairs of runs with the same seed, with a verdict",
     "  DIR|FILE.gsc…     a sweep's folder; or runs, which are arms by what their specs differ in\n"
     "  --result NAME     what is compared (validation_loss, or what the sweep set)\n"
     "  --baseline ARM    which arm the others are compared with\n"
     "  --margin X        smaller differences are equivalent (0.005, or what the sweep set)\n"
     "  --seeds N         the most that are looked at, where no sweep set them (20); for --sd how many\n"
     "  --look            a verdict now, at a level that allows a look after every seed\n"
     "  --curve SERIES    the difference over steps with its interval: validation_loss, loss\n"
     "  --claim METRIC    over which definitions (jain: jain_count, jain_mass …), learning rates and layers\n"
     "                    a verdict stands\n"
     "  --effect X        how many seeds it would take to find a difference of X\n"
     "  --sd X            no runs: what seeds can see where paired differences spread by X\n"
     "  --json            as data\n\n"
     "Verdicts: better, worse (Holm over arms, 5%), equivalent (two one-sided tests within the margin),\n"
     "undecided with the difference that so many seeds find in 80% of cases; locked before the seeds that\n"
     "were set are there. Intervals are of paired t, and of resampled seeds and documents.\n",
     gsc_cmd_compare},
    {"score", "FILE.gsc|CHECKPOINT.safetensors --data ITEMS.jsonl",
     "multiple choice and last words with a trained model",
     "  --data ITEMS.jsonl   questions, one a line: HellaSwag's ctx, endings, label; query, choices, gold;\n"
     "                       goal, sol1, sol2; sentence_good, sentence_bad; LAMBADA's text; .zst is fine\n"
     "  --checkpoint STEP    of FILE.gsc; else its last one\n"
     "  --limit N            the first N questions\n"
     "  --threads N          processor threads\n"
     "  --each               a line of JSON for each question, then the whole\n"
     "  --json               as data\n\n"
     "Accuracy by log-likelihood, and by log-likelihood per byte, with Wilson's 95% interval and chance; last\n"
     "words by greedy decoding, with their perplexity. Bad lines and cut contexts are counted.\n",
     gsc_cmd_score},
    {"resume", "FILE.gsc [--checkpoint STEP]", "go on with a language model that was interrupted",
     "  --checkpoint STEP  from that checkpoint of NAME.ckpt instead of the last one\n"
     "  --threads N        processor threads; they change no bit of the result\n"
     "  --quiet            alarms and errors only\n\n"
     "The run goes on in the same file and ends with the same numbers as one that was never "
     "interrupted.\nA run that is stopped (Ctrl-C, or Stop in the window) keeps a checkpoint first.\n",
     gsc_cmd_resume},
    {"report", "FILE.gsc|SWEEP… [--json] [-o DIR]", "figures of merit of runs: rates, losses",
     "  --json   one object per run: run, status, spec, results, rates\n"
     "  -o DIR   rates.csv, results.csv and the figures, in a folder; made if missing\n",
     gsc_cmd_report},
    {"plot", "FILE.gsc… --figure NAME -o FILE.png|svg|pdf", "draw a figure; needs no display", NULL,
     gsc_cmd_plot},
    {"export", "FILE.gsc --to csv|jsonl|tokens -o DIR", "points, results and spec as text files",
     "  --to csv|jsonl   format; every number keeps its bits\n"
     "  --to tokens      what a language model reads, in the order in which it trains, so that another\n"
     "                   program goes through the same steps from its checkpoint of step 0\n"
     "  -o DIR           folder for the files; made if missing\n",
     gsc_cmd_export},
    {"presets", "[--json]", "list the experiments that come with the program",
     "  --json   with their whole specs\n", gsc_cmd_presets},
    {"plugin", "list|info|new|build|check|trust",
     "the gates, experts and balancers of this machine, and your own",
     "  list                            every plugin file found, with what was refused and why\n"
     "  info ID                         one plugin: formula, parameters, stages, which labs take it\n"
     "  new gate|expert|balancer NAME [DIR]\n"
     "                                  writes DIR/NAME.c to start from (DIR: this folder)\n"
     "  build FILE.c|DIR [-o OUT.so] [--show]\n"
     "                                  compiles a file, or each of a folder, with the system's cc, into\n"
     "                                  the user's plugin folder; --show prints the command instead\n"
     "  check FILE.so|ID|--all          judges plugins by the conformance suite (`plugin check --list`\n"
     "        [--test NAME] [--in-process]  names its tests); exit 1 where one fails\n"
     "  trust FILE.so|SHA256            lets the window load a file from outside the installation\n"
     "  --json                          as data (list, info, check)\n\n"
     "Plugins are looked for in $GATESCOPE_PLUGIN_PATH, the build tree, "
     "$XDG_DATA_HOME/gatescope/plugins\n(where build puts them) and the installed folder.\n",
     gsc_cmd_plugin},
    {"formula", "\"= EXPRESSION\" [--json|--source]", "a gate written as a formula",
     "  \"= sigmoid(z) / (1 + abs(z))\"             the affinity of a logit z\n"
     "  \"= exp(z / t) where t = 2\"               with a parameter\n"
     "  \"= exp(-z) where z = xx - 2*dot + ww\"    with a score of its own: dot = x.w, xx = |x|^2, ww = |w|^2\n"
     "  --json     what it became: derivative, plugin, or what is wrong and in which column\n"
     "  --source   the plugin as C\n\n"
     "Functions: sigmoid exp log log1p softplus tanh erf sqrt abs relu max min pow; constants pi, e.\n"
     "A spec takes the same text: --set 'gate== exp(z)'.\n",
     gsc_cmd_formula},
    {"data", "list|get NAME… [--from DIR] [--json]", "text to train language models on",
     "  list        the corpora there are, what they need and which are here\n"
     "  get NAME…   brings corpora from their Debian packages (not installed, only unpacked)\n"
     "  --from DIR  takes the packages' .deb files from a folder: no network needed\n"
     "  --json      as data\n\n"
     "Corpora are kept in $GATESCOPE_DATA, else $XDG_DATA_HOME/gatescope/data. Their paths go to stdout.\n",
     gsc_cmd_data},
    {"doctor", "[--json]", "what this machine has, and what is missing", "  --json   as data\n",
     gsc_cmd_doctor},
    {"bench", "em|kernels|lm|plot [--json]", "measure speed on this machine",
     "  em        fits of the theory lab beside a vectorised NumPy version\n"
     "  kernels   each numeric operation beside its reference\n"
     "  lm        training steps of the language model beside PyTorch\n"
     "  plot      figures, lists of runs and the window, on a display of its own; --quick, --no-window\n"
     "  --json    as data\n",
     gsc_cmd_bench},
    {"worker", "", NULL, NULL, gsc_cmd_worker},
    {"plugin-scan", "", NULL, NULL, gsc_cmd_plugin_scan},
};

enum {
    N_COMMANDS = sizeof commands / sizeof commands[0]
};

static const gsc_command *find_command(const char *name) {
    for (int i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int print_help(FILE *out) {
    fprintf(out, "gatescope: a desktop bench for mixture-of-experts research\n\n"
                 "  gatescope                    the window\n");
    for (int i = 0; i < N_COMMANDS; i++) {
        if (commands[i].summary != NULL) {
            fprintf(out, "  gatescope %-18s %s\n", commands[i].name, commands[i].summary);
        }
    }
    fprintf(out,
            "\ngatescope help COMMAND tells more; gatescope --version says which program this is.\n"
            "Exit codes: 0 done, 1 failed, 2 bad usage or bad spec, 130 stopped.\n");
    return 0;
}

static int print_command_help(const gsc_command *found) {
    if (found->details == NULL) {
        char *words[] = {(char *)found->name, "--help", NULL};
        return found->run(2, words);
    }
    printf("gatescope %s %s\n%s.\n\n%s", found->name, found->arguments, found->summary,
           found->details);
    return 0;
}

static int unknown_command(const char *name) {
    const char *names[N_COMMANDS];
    size_t n = 0;
    for (int i = 0; i < N_COMMANDS; i++) {
        if (commands[i].summary != NULL) {
            names[n++] = commands[i].name;
        }
    }
    const char *near = gsc_nearest(name, names, n);
    fprintf(stderr, "gatescope: there is no command \"%s\"", name);
    fprintf(stderr, near != NULL ? "; the nearest is %s\n" : "; `gatescope --help` lists them%s\n",
            near != NULL ? near : "");
    return 2;
}

/* --help anywhere after the command, -h right after it. */
static bool asks_for_help(int argc, char **argv) {
    bool asks = argc > 2 && strcmp(argv[2], "-h") == 0;
    for (int i = 2; i < argc; i++) {
        asks = asks || strcmp(argv[i], "--help") == 0;
    }
    return asks;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        return gsc_cmd_desktop(argc, argv);
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0) {
        printf("gatescope %s (%s)\n", gsc_build_version(), gsc_build_commit());
        return 0;
    }
    bool help = strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;
    if (help && argc < 3) {
        return print_help(stdout);
    }
    if (help && strcmp(argv[2], "--man") == 0) {
        gsc_print_man_page(stdout, commands, N_COMMANDS);
        return 0;
    }
    if (help) {
        name = argv[2];
    }
    const gsc_command *found = find_command(name);
    if (found == NULL || (help && found->summary == NULL)) {
        return unknown_command(name);
    }
    if (help || (found->summary != NULL && asks_for_help(argc, argv))) {
        return print_command_help(found);
    }
    return found->run(argc - 1, argv + 1);
}
