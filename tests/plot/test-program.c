/* SPDX-License-Identifier: MIT
 *
 * gatescope-plot as a person runs it, with no display: files that are whole, and sentences where it
 * cannot.
 */
#include "tests/plot/sample_run.h"
#include "tests/tap.h"

#include <png.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program;
static char said[4096];

/* Runs it through the shell; keeps what it said on stderr; returns the exit status. */
static int run(const char *arguments) {
    char command[1024];
    snprintf(command, sizeof command, "env -u DISPLAY -u WAYLAND_DISPLAY '%s' %s 2>&1 >/dev/null",
             program, arguments);
    FILE *pipe = popen(command, "r");
    size_t n = fread(said, 1, sizeof said - 1, pipe);
    said[n] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

typedef struct picture {
    int width, height, colored;
    double dpi;
    char recipe[4096], spec[4096];
} picture;

static picture read_png(const char *path) {
    picture p = {0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return p;
    }
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    if (setjmp(png_jmpbuf(png)) == 0) {
        png_init_io(png, file);
        png_read_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
        p.width = (int)png_get_image_width(png, info);
        p.height = (int)png_get_image_height(png, info);
        p.dpi = png_get_x_pixels_per_meter(png, info) * 0.0254;
        png_bytepp rows = png_get_rows(png, info);
        for (int y = 0; y < p.height; y++) {
            for (int x = 0; x < p.width; x++) {
                const unsigned char *c = rows[y] + 3 * x;
                p.colored += abs(c[0] - c[2]) > 60;
            }
        }
        png_textp texts;
        int n = 0;
        png_get_text(png, info, &texts, &n);
        for (int i = 0; i < n; i++) {
            if (strcmp(texts[i].key, "gatescope-recipe") == 0) {
                snprintf(p.recipe, sizeof p.recipe, "%s", texts[i].text);
            }
            if (strcmp(texts[i].key, "gatescope-spec") == 0) {
                snprintf(p.spec, sizeof p.spec, "%s", texts[i].text);
            }
        }
    }
    png_destroy_read_struct(&png, &info, NULL);
    fclose(file);
    return p;
}

static void test_files(void) {
    TAP_OK(run("a.gsc -o a.png") == 0, "a PNG is written");
    picture p = read_png("a.png");
    TAP_OK(p.width == 1600 && p.height == 1000, "1600 x 1000 unless said otherwise");
    TAP_NEAR(p.dpi, 200, 0.02, "at 200 dpi");
    TAP_OK(p.colored > 4000, "with something drawn");
    TAP_CONTAINS(p.recipe, "Markers: median", "the recipe travels in it");
    TAP_CONTAINS(p.spec, "\"replicates\"", "and the spec");
    TAP_OK(run("--renderer gl --figure rate a.gsc --size 800x500 --dpi 120 -o g.png") == 0,
           "so is one by OpenGL");
    TAP_CONTAINS(said, "OpenGL on ", "which says on what");
    p = read_png("g.png");
    TAP_OK(p.width == 800 && p.height == 500 && p.colored > 1000, "of the size asked for");
    TAP_OK(run("a.gsc -o a.svg") == 0 && run("a.gsc --theme dark -o a.pdf") == 0,
           "SVG and PDF too");
    struct stat st;
    TAP_OK(stat("a.svg", &st) == 0 && st.st_size > 5000 && st.st_size < 2000000,
           "an SVG of good size");
    char head[6] = "";
    FILE *file = fopen("a.pdf", "rb");
    TAP_OK(file != NULL && fread(head, 1, 5, file) == 5 && strcmp(head, "%PDF-") == 0,
           "a true PDF");
    if (file != NULL) {
        fclose(file);
    }
}

/* The file's text, at most size - 1 bytes of it. */
static size_t read_text(const char *path, char *ret_text, size_t size) {
    FILE *file = fopen(path, "rb");
    size_t n = file != NULL ? fread(ret_text, 1, size - 1, file) : 0;
    ret_text[n] = '\0';
    if (file != NULL) {
        fclose(file);
    }
    return n;
}

static void test_words_and_numbers(void) {
    static char text[1 << 20];
    size_t n = read_text("a.svg", text, sizeof text);
    TAP_OK(n > 0 && n < 300000, "an SVG of less than 300 KB");
    TAP_CONTAINS(text, ">Sample size n</tspan>", "its text is text");
    TAP_CONTAINS(text, "font-family=\"Cantarell, Adwaita Sans, DejaVu Sans, sans-serif\"",
                 "in a stack of fonts");
    TAP_OK(strstr(text, "<symbol") == NULL && strstr(text, "<use") == NULL,
           "with nothing that TeX's import stumbles over");
    TAP_OK(run("a.gsc -o a.csv") == 0 && run("a.gsc -o a.json") == 0,
           "numbers and recipe are files, too");
    read_text("a.csv", text, sizeof text);
    int lines = 0;
    for (const char *c = text; *c != '\0'; c++) {
        lines += *c == '\n';
    }
    TAP_CONTAINS(text, "panel,label,kind,x,y,low,high,row\n", "a CSV with a header");
    TAP_CONTAINS(text, "\nerror,1 expert fitted to 1,replicates,100,", "and what is drawn in it");
    TAP_OK(lines > 700, "every point of it");
    read_text("a.json", text, sizeof text);
    TAP_CONTAINS(text, "\"commit\": \"0123456789abcdef\"", "the recipe has the commit");
    TAP_CONTAINS(text, "\"kernel_path\": \"avx2\"", "the kernel path");
    TAP_CONTAINS(text, "\"seed\": 1", "the seed");
    TAP_CONTAINS(text, "\"k_shared\"", "the spec");
    TAP_CONTAINS(text, "\"n_kl\": \"n times KL", "and the definitions");
}

/* Two figures under one another, every format. */
static void test_pages(void) {
    static char text[1 << 21];
    TAP_OK(run("a.gsc --figure rate,components -o p.svg") == 0 &&
               read_text("p.svg", text, sizeof text) > 0,
           "a page of two figures");
    int grounds = 0;
    for (const char *at = text; (at = strstr(at, "<g transform=\"translate(")) != NULL; at++) {
        grounds++;
    }
    TAP_OK(grounds == 2, "has each in a place of its own");
    bool once = strstr(text, " id=\"c") != NULL;
    for (const char *at = text; (at = strstr(at, " id=\"c")) != NULL; at++) {
        char name[40];
        snprintf(name, sizeof name, "%.*s", (int)(strchr(at + 5, '"') + 1 - at), at);
        once = once && strstr(at + 1, name) == NULL;
    }
    TAP_OK(once, "and no clip's name twice");
    TAP_OK(run("a.gsc --figure components,rate -o p.csv") == 0, "the other way round");
    read_text("p.csv", text, sizeof text);
    TAP_CONTAINS(text, "figure,panel,label,kind,x,y,low,high,row\ncomponents,", "in their order");
    TAP_CONTAINS(text, "\nrate,error,1 expert fitted to 1,replicates,100,", "each by its name");
    TAP_OK(run("a.gsc --figure rate,components -o p.json") == 0, "their recipes");
    read_text("p.json", text, sizeof text);
    TAP_OK(text[0] == '[' && strstr(text, "\"figure\": \"components\"") != NULL, "are a list");
    TAP_OK(run("a.gsc --figure rate,components --size 1500x900 -o p.png") == 0 &&
               read_png("p.png").width == 1500,
           "and the picture is of the size asked for");
    TAP_OK(run("a.gsc --figure rate,components -o p.pdf") == 0, "a PDF, too");
    TAP_OK(run("a.gsc --figure rate,components --renderer gl -o x.png") == 2,
           "OpenGL draws no page");
    TAP_OK(run("a.gsc --figure all -o p.png") == 0, "all figures of a run with one are that one");
    TAP_OK(run("a.gsc --figure , -o x.png") == 2, "and no name is no figure");
    TAP_CONTAINS(said, "--list", "with a way out");
}

/* Runs that differ in their seed alone, drawn as one where there are many, or where it is asked for. */
static void test_seeds(void) {
    static char text[1 << 21];
    TAP_OK(run("a.gsc a.gsc -o p.csv") == 0 && run("a.gsc a.gsc -o p.svg --seeds mean") == 0,
           "two runs");
    read_text("p.csv", text, sizeof text);
    TAP_OK(strstr(text, "(n = 2)") == NULL, "are each by itself");
    read_text("p.svg", text, sizeof text);
    TAP_CONTAINS(text, "(n = 2)", "or one line with its n");
    TAP_OK(run("a.gsc a.gsc a.gsc a.gsc a.gsc a.gsc a.gsc a.gsc a.gsc -o p.svg") == 0,
           "more runs than colours");
    read_text("p.svg", text, sizeof text);
    TAP_CONTAINS(text, "(n = 9)", "are one line");
    TAP_OK(run("a.gsc -o x.png --seeds median") == 2, "nothing else is offered");
    TAP_CONTAINS(said, "--seeds is \"median\", but should be \"mean\" or \"each\"", "as it says");
}

static void test_refusals(void) {
    TAP_OK(run("a.gsc --figure rtae -o x.png") == 2, "an unknown figure is bad usage");
    TAP_CONTAINS(said, "\"rate\"", "with the nearest");
    TAP_OK(run("a.gsc -o x.gif") == 2, "so is an unknown ending");
    TAP_CONTAINS(said, ".png, .svg or .pdf", "which says what would be right");
    TAP_OK(run("a.gsc --size 10x10 -o x.png") == 2, "and a size too small");
    TAP_OK(run("a.gsc --size big -o x.png") == 2, "or no size");
    TAP_CONTAINS(said, "1600x1000", "with an example");
    TAP_OK(run("a.gsc --layer 2 -o x.png") == 2, "a layer that is not there, too");
    TAP_CONTAINS(said, "--layer is 2, but nothing here has layers", "as it says");
    TAP_OK(run("a.gsc --sise 1x1 -o x.png") == 2, "an unknown option too");
    TAP_CONTAINS(said, "--size", "with the nearest");
    TAP_OK(run("-o x.png") == 2, "no run file");
    TAP_OK(run("a.gsc") == 2, "no output");
    TAP_OK(run("a.gsc --renderer gl -o x.svg") == 2, "OpenGL writes no SVG");
    TAP_OK(run("a.gsc -o no/such/folder/x.png") == 1, "a folder that is not there fails");
    TAP_CONTAINS(said, "no/such/folder/x.png", "by name");
    TAP_OK(run("missing.gsc -o x.png") != 0, "so does a run that is not there");
    TAP_CONTAINS(said, "missing.gsc", "by name");
    TAP_OK(run("a.svg -o x.png") != 0, "and a file that is no run");
    TAP_CONTAINS(said, "a.svg", "by name");
    TAP_OK(access("x.png", F_OK) != 0, "none of them leaves a file");
}

int main(int argc, char **argv) {
    char folder[] = "plot-program-XXXXXX";
    char absolute[4096];
    if (argc < 2 || realpath(argv[1], absolute) == NULL || mkdtemp(folder) == NULL ||
        chdir(folder) != 0) {
        printf("# usage: test-program GATESCOPE-PLOT\n");
        return 1;
    }
    program = absolute;
    gsc_error error = {.status = GSC_OK};
    gsc_sample sample = {7, 16, 3, 0.25, 0, GSC_RUN_DONE};
    if (gsc_sample_run_write("a.gsc", &sample, &error) != GSC_OK) {
        printf("# %s\n", error.message);
        return 1;
    }
    test_files();
    test_words_and_numbers();
    test_pages();
    test_seeds();
    test_refusals();
    static const char *const made[] = {"a.gsc",  "a.png", "g.png", "a.svg",  "a.pdf", "a.csv",
                                       "a.json", "p.svg", "p.csv", "p.json", "p.png", "p.pdf"};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        unlink(made[i]);
    }
    TAP_OK(chdir("..") == 0 && rmdir(folder) == 0, "and nothing else is left behind");
    return tap_done();
}
