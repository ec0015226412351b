/* SPDX-License-Identifier: MIT
 *
 * Layer: app.
 */
#include "app/man_page.h"

#include "core/run/build_info.h"

#include <string.h>

static const char *const environment[][2] = {
    {"GATESCOPE_RUNS", "where runs are kept; else $XDG_DATA_HOME/gatescope/runs"},
    {"GATESCOPE_DATA", "where corpora are kept; else $XDG_DATA_HOME/gatescope/data"},
    {"GATESCOPE_PLUGIN_PATH", "folders of plugins, with colons between them, looked into first"},
    {"GATESCOPE_PYTHON", "the Python that bench compares with; else /usr/bin/python3"},
    {"GATESCOPE_ISA", "the highest instruction set to use: baseline, v3, v4"},
};

/* Text as it stands: a backslash, a quote or dot that begins a line, and minus signs are escaped. */
static void print_text(FILE *out, const char *text) {
    int begins = 1;
    for (const char *c = text; *c != '\0'; c++) {
        if (begins && (*c == '.' || *c == '\'')) {
            fputs("\\&", out);
        }
        if (*c == '\\') {
            fputs("\\e", out);
        } else if (*c == '-') {
            fputs("\\-", out);
        } else {
            fputc(*c, out);
        }
        begins = *c == '\n';
    }
}

static void print_command(FILE *out, const gsc_command *command) {
    fprintf(out, ".SS gatescope %s\n", command->name);
    fputs(".nf\n.B gatescope ", out);
    print_text(out, command->name);
    fputc(' ', out);
    print_text(out, command->arguments);
    fputs("\n.fi\n.PP\n", out);
    print_text(out, command->summary);
    fputs(".\n", out);
    if (command->details == NULL) {
        fprintf(out, ".PP\nIts options: gatescope %s \\-\\-help.\n", command->name);
        return;
    }
    fputs(".PP\n.nf\n", out);
    print_text(out, command->details);
    fputs(".fi\n", out);
}

void gsc_print_man_page(FILE *out, const gsc_command *commands, size_t n) {
    fprintf(out, ".TH GATESCOPE 1 \"\" \"Gatescope %s\" \"User Commands\"\n", gsc_build_version());
    fputs(".SH NAME\ngatescope \\- a desktop bench for mixture\\-of\\-experts research\n"
          ".SH SYNOPSIS\n.B gatescope\n.br\n.B gatescope\n.I COMMAND\n[\\fIARGUMENT\\fR]...\n"
          ".SH DESCRIPTION\nRuns experiments on mixtures of experts, statistical ones and small "
          "language models, with gates, experts and balancers that are plugins; shows them as they "
          "run; writes figures. Without a command it opens the window.\n.SH COMMANDS\n",
          out);
    for (size_t i = 0; i < n; i++) {
        if (commands[i].summary != NULL) {
            print_command(out, &commands[i]);
        }
    }
    fputs(".SH ENVIRONMENT\n", out);
    for (size_t i = 0; i < sizeof environment / sizeof environment[0]; i++) {
        fprintf(out, ".TP\n.B %s\n", environment[i][0]);
        print_text(out, environment[i][1]);
        fputc('\n', out);
    }
    fputs(".SH EXIT STATUS\n0 done, 1 failed, 2 bad usage or bad spec, 130 stopped.\n", out);
}
