// SPDX-License-Identifier: MIT
// A marker's quad. Device pixels, y down.
layout(location = 0) in vec4 spot;  // x y, radius, shape
layout(location = 1) in vec4 inner; // fill, straight alpha
layout(location = 2) in vec4 outer; // ring, straight alpha
layout(location = 3) in float ring; // its width
uniform vec2 viewport;
out vec2 place;
flat out vec3 form; // radius, shape, ring
flat out vec4 fill_paint;
flat out vec4 ring_paint;

void main() {
    float room = 1.6 * spot.z + 2.0 * ring + 1.0;
    place = room * vec2(float(gl_VertexID & 1) * 2.0 - 1.0, float(gl_VertexID >> 1) * 2.0 - 1.0);
    vec2 pixel = spot.xy + place;
    form = vec3(spot.z, spot.w, ring);
    fill_paint = inner;
    ring_paint = outer;
    vec2 unit = 2.0 * pixel / viewport - 1.0;
    gl_Position = vec4(unit.x, -unit.y, 0.0, 1.0);
}
