/* SPDX-License-Identifier: MIT
 *
 * screenshot OUT.png: the X display $DISPLAY as a PNG. Makes the README's picture of the window.
 */
#include "tests/ui/x11_picture.h"

#include <stdio.h>

int main(int argc, char **argv) {
    picture screen = {0};

    if (argc != 2) {
        fprintf(stderr, "usage: screenshot OUT.png\n");
        return 2;
    }
    if (!picture_grab(&screen) || !picture_write_png(&screen, argv[1])) {
        fprintf(stderr, "%s was not written\n", argv[1]);
        return 1;
    }
    picture_clear(&screen);
    return 0;
}
