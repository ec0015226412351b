// SPDX-License-Identifier: MIT
// Inside between the two edges, half covered on them.
in vec2 place;
flat in vec4 edge;
flat in vec4 paint;
out vec4 result; // premultiplied

void main() {
    float top = (place.y - edge.x - edge.y * place.x) / sqrt(1.0 + edge.y * edge.y);
    float bottom = (edge.z + edge.w * place.x - place.y) / sqrt(1.0 + edge.w * edge.w);
    float cover = clamp(top + 0.5, 0.0, 1.0) * clamp(bottom + 0.5, 0.0, 1.0);
    float alpha = paint.a * cover;
    result = vec4(paint.rgb * alpha, alpha);
}
