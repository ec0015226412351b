// SPDX-License-Identifier: MIT
// An upright trapezoid, a pixel taller at both edges for their softness. Device pixels, y down.
layout(location = 0) in vec3 left;  // x, top, bottom
layout(location = 1) in vec3 right;
layout(location = 2) in vec4 color; // straight alpha
uniform vec2 viewport;
out vec2 place;
flat out vec4 edge; // top at x = 0 and its slope, bottom and its slope, with x from the left side
flat out vec4 paint;

void main() {
    bool at_right = (gl_VertexID & 1) == 1;
    bool at_bottom = (gl_VertexID >> 1) == 1;
    vec3 side = at_right ? right : left;
    float width = max(right.x - left.x, 1e-6);
    vec2 pixel = vec2(side.x, at_bottom ? side.z + 1.0 : side.y - 1.0);
    place = vec2(pixel.x - left.x, pixel.y);
    edge = vec4(left.y, (right.y - left.y) / width, left.z, (right.z - left.z) / width);
    paint = color;
    vec2 unit = 2.0 * pixel / viewport - 1.0;
    gl_Position = vec4(unit.x, -unit.y, 0.0, 1.0);
}
