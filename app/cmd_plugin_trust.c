/* SPDX-License-Identifier: MIT
 *
 * gatescope plugin trust FILE|HASH, and what the command line says when it loads a file for the first time. See
 * core/plugin/trust.h.
 *
 * Layer: app.
 */
#include "app/cmd_plugin.h"
#include "app/commands.h"
#include "core/plugin/trust.h"

#include <stdio.h>
#include <string.h>

int gsc_cmd_plugin_trust(int argc, char **argv) {
    gsc_error error = {0};
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: gatescope plugin trust FILE.so|SHA256\n");
        return 2;
    }
    bool hash = strlen(argv[1]) == 64 && strspn(argv[1], "0123456789abcdef") == 64;
    gsc_status status = hash ? gsc_trust_add(argv[1], "(by its hash)", &error)
                             : gsc_trust_add_file(argv[1], &error);
    if (status != GSC_OK) {
        fprintf(stderr, "gatescope plugin: %s\n", error.message);
        return status == GSC_ERR_INPUT || status == GSC_ERR_IO ? 2 : 1;
    }
    return 0;
}

void gsc_tell_new_plugins(json_t *rows) {
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row) {
        if (gsc_trust_known_only() || json_is_true(json_object_get(row, "trusted"))) {
            continue;
        }
        const char *path = gsc_plugin_row_text(row, "path");
        const char *hash = gsc_plugin_row_text(row, "sha256");
        if (hash[0] != '\0' && gsc_trust_add(hash, path, NULL) == GSC_OK) {
            json_object_set_new(row, "trusted", json_true());
            fprintf(stderr, "gatescope: loaded for the first time, and trusted from now on: %s\n",
                    path);
        }
    }
}
