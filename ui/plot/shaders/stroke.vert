// SPDX-License-Identifier: MIT
// One segment of a polyline, made into a quad with room for its edges. Device pixels, y down.
layout(location = 0) in vec4 ends;  // x0 y0 x1 y1
layout(location = 1) in vec4 style; // width, arc length before the segment, dash on, dash off
layout(location = 2) in vec4 color; // straight alpha
layout(location = 3) in float rounded;
uniform vec2 viewport;
out vec2 place; // along the segment, across it
flat out vec4 shape; // half width, length, arc, rounded
flat out vec2 dash;
flat out vec4 paint;

void main() {
    vec2 d = ends.zw - ends.xy;
    float len = length(d);
    vec2 along = len > 0.0 ? d / len : vec2(1.0, 0.0);
    vec2 across = vec2(-along.y, along.x);
    float half_width = 0.5 * style.x;
    float room = half_width + 1.0;
    vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
    place = vec2(mix(-room, len + room, corner.x), mix(-room, room, corner.y));
    vec2 pixel = ends.xy + along * place.x + across * place.y;
    shape = vec4(half_width, len, style.y, rounded);
    dash = style.zw;
    paint = color;
    vec2 unit = 2.0 * pixel / viewport - 1.0;
    gl_Position = vec4(unit.x, -unit.y, 0.0, 1.0);
}
