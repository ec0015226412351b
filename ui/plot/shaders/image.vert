// SPDX-License-Identifier: MIT
// The part of a heatmap that is in sight: a quad without attributes. Device pixels, y down.
uniform vec2 viewport;
uniform vec4 quad; // x y, width height

void main() {
    vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
    vec2 unit = 2.0 * (quad.xy + corner * quad.zw) / viewport - 1.0;
    gl_Position = vec4(unit.x, -unit.y, 0.0, 1.0);
}
