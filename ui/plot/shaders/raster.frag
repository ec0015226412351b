// SPDX-License-Identifier: MIT
// Pixels as they are: premultiplied, with red and blue as the processor has them.
uniform vec2 viewport;
uniform vec4 quad; // x y, width height
uniform sampler2D pixels;
out vec4 result;

void main() {
    vec2 place = vec2(gl_FragCoord.x, viewport.y - gl_FragCoord.y) - quad.xy;
    result = texelFetch(pixels, ivec2(place), 0).bgra;
}
