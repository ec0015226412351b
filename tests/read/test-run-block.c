/* SPDX-License-Identifier: MIT
 *
 * Blocks and vectors keep every bit and refuse rubbish.
 */
#include "core/read/run_block.h"
#include "tests/tap.h"

#include <stdlib.h>

int main(void) {
    gsc_point points[1000], back[1000];
    for (int i = 0; i < 1000; i++) {
        points[i] = (gsc_point){i, 1.0 / (i - 500), i - 1};
    }
    points[3].y = NAN;
    points[4].y = -0.0;
    void *data = NULL;
    size_t size = 0;
    gsc_error error = {0};
    TAP_OK(gsc_block_encode(points, 1000, &data, &size, &error) == GSC_OK, "a block is packed");
    TAP_OK(gsc_block_decode(data, size, back, 1000, &error) == GSC_OK, "and unpacked");
    int same = 1;
    for (int i = 0; i < 1000; i++) {
        same = same && memcmp(&points[i].x, &back[i].x, 8) == 0 &&
               memcmp(&points[i].y, &back[i].y, 8) == 0 && points[i].replicate == back[i].replicate;
    }
    TAP_OK(same, "with every bit");
    TAP_OK(gsc_block_decode(data, size, back, 999, &error) == GSC_ERR_IO,
           "another count is refused");
    TAP_OK(gsc_block_decode(data, size / 2, back, 1000, &error) == GSC_ERR_IO,
           "half a block is refused");
    TAP_OK(gsc_block_decode("rubbish", 7, back, 1000, &error) == GSC_ERR_IO, "rubbish is refused");
    TAP_OK(gsc_block_decode(data, size, back, (size_t)GSC_BLOCK_MAX + 1, &error) == GSC_ERR_IO,
           "so is a huge count");
    free(data);
    TAP_OK(gsc_block_encode(points, 0, &data, &size, &error) == GSC_OK &&
               gsc_block_decode(data, size, back, 0, &error) == GSC_OK,
           "an empty block");
    free(data);
    float values[33], floats[33];
    for (int i = 0; i < 33; i++) {
        values[i] = (float)i / 7;
    }
    TAP_OK(gsc_vector_encode(values, 33, &data, &size, &error) == GSC_OK &&
               gsc_vector_decode(data, size, floats, 33, &error) == GSC_OK &&
               memcmp(values, floats, sizeof(values)) == 0,
           "a vector");
    free(data);
    return tap_done();
}
