// SPDX-License-Identifier: MIT
// Disc, square, triangle or diamond from its distance, over its ring. The factors are those
// of scene.h.
in vec2 place;
flat in vec3 form;
flat in vec4 fill_paint;
flat in vec4 ring_paint;
out vec4 result; // premultiplied

float outside(vec2 p, float radius, float shape) {
    vec2 a = abs(p);
    if (shape < 0.5) {
        return length(p) - radius;
    }
    if (shape < 1.5) {
        return max(a.x, a.y) - 0.886 * radius;
    }
    if (shape < 2.5) {
        return max(p.y, 0.8660254 * a.x - 0.5 * p.y) - 0.700 * radius;
    }
    return 0.70710678 * (a.x + a.y) - 0.886 * radius;
}

void main() {
    float d = outside(place, form.x, form.y);
    float fill_alpha = fill_paint.a * clamp(0.5 - d, 0.0, 1.0);
    float ring_alpha = form.z > 0.0 ? ring_paint.a * clamp(0.5 - (d - form.z), 0.0, 1.0) : 0.0;
    vec4 below = vec4(ring_paint.rgb * ring_alpha, ring_alpha);
    result = vec4(fill_paint.rgb * fill_alpha, fill_alpha) + below * (1.0 - fill_alpha);
}
