// SPDX-License-Identifier: MIT
// The colour of the cell that the pixel's middle is in, through the colour table; hatching where
// the cell has nothing to show.
uniform vec2 viewport;
uniform vec4 box; // of all cells: x y, width height
uniform sampler2D entries;
uniform sampler2D table;
uniform vec2 hatching; // period, thickness
uniform vec4 blank;
uniform vec4 hatch;
out vec4 result;

void main() {
    vec2 pixel = vec2(gl_FragCoord.x, viewport.y - gl_FragCoord.y);
    ivec2 cells = textureSize(entries, 0);
    ivec2 cell = ivec2(floor((pixel - box.xy) / box.zw * vec2(cells)));
    float entry = texelFetch(entries, clamp(cell, ivec2(0), cells - 1), 0).r;
    if (entry < 0.0) {
        bool line = mod(floor(pixel.x) + floor(pixel.y), hatching.x) < hatching.y;
        result = line ? hatch : blank;
    } else {
        result = texelFetch(table, ivec2(int(entry + 0.5), 0), 0);
    }
}
