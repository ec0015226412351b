// SPDX-License-Identifier: MIT
// Coverage of a pixel by a segment: a capsule where it is rounded, else a rectangle, cut into
// dashes.
in vec2 place;
flat in vec4 shape;
flat in vec2 dash;
flat in vec4 paint;
out vec4 result; // premultiplied

void main() {
    float beyond = max(-place.x, place.x - shape.y); // past either end
    float cover;
    if (shape.w > 0.5) {
        float distance_ = length(vec2(max(beyond, 0.0), place.y));
        cover = clamp(shape.x + 0.5 - distance_, 0.0, 1.0);
    } else {
        cover = clamp(shape.x + 0.5 - abs(place.y), 0.0, 1.0) * clamp(0.5 - beyond, 0.0, 1.0);
    }
    cover = min(cover, 2.0 * shape.x);
    if (dash.x > 0.0) {
        float period = dash.x + dash.y;
        float middle = mod(shape.z + place.x - 0.5 * dash.x + 0.5 * period, period) - 0.5 * period;
        cover *= clamp(0.5 * dash.x + 0.5 - abs(middle), 0.0, 1.0);
    }
    float alpha = paint.a * cover;
    result = vec4(paint.rgb * alpha, alpha);
}
