/* SPDX-License-Identifier: MIT
 *
 * The scene through OpenGL 3.3 core or OpenGL ES 3.0: one instanced quad per segment, marker or
 * trapezoid, anti-aliased by its fragment shader, so that no multisampling is wanted. One draw call
 * per batch. Layer: ui/plot; libepoxy.
 */
#include "ui/plot/render.h"

#include "ui/plot/gl/image.h"
#include "ui/plot/gl/program.h"
#include "ui/plot/gl/raster.h"
#include "ui/plot/scene.h"

#include "ui/plot/shaders.h"

#include <assert.h>
#include <epoxy/gl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILL,
    STROKE,
    MARKER,
    PROGRAMS
};

/* How many floats each attribute of a program's instances has, in order; 0 ends. */
static const int attributes[PROGRAMS][5] = {
    [FILL] = {3, 3, 4}, [STROKE] = {4, 4, 4, 1}, [MARKER] = {4, 4, 4, 1}};
static const char *const names[PROGRAMS] = {"fill", "stroke", "marker"};

struct gsc_gl_renderer {
    GLuint program[PROGRAMS], array[PROGRAMS], buffer[PROGRAMS];
    GLint viewport[PROGRAMS];
    int stride[PROGRAMS]; /* floats in an instance */
    gsc_gl_images images;
    gsc_gl_rasters rasters;
    float *floats; /* instances of one frame, one kind */
    size_t capacity;
    char *vendor, *name, *version;
    uint64_t frames, points, instances;
};

/* ---- Programs ------------------------------------------------------------------------------- */

static void describe_instances(gsc_gl_renderer *renderer, int kind) {
    for (int i = 0; i < 5 && attributes[kind][i] > 0; i++) {
        renderer->stride[kind] += attributes[kind][i];
    }
    glGenVertexArrays(1, &renderer->array[kind]);
    glGenBuffers(1, &renderer->buffer[kind]);
    glBindVertexArray(renderer->array[kind]);
    glBindBuffer(GL_ARRAY_BUFFER, renderer->buffer[kind]);
    for (GLuint i = 0; i < 5 && attributes[kind][i] > 0; i++) {
        glEnableVertexAttribArray(i);
        glVertexAttribDivisor(i, 1);
    }
}

/* Points the attributes of the bound array at an instance of the bound buffer (neither OpenGL
 * 3.3 nor ES 3.0 can begin elsewhere in a draw call). */
static void begin_at(const gsc_gl_renderer *renderer, int kind, size_t instance) {
    size_t stride = (size_t)renderer->stride[kind] * sizeof(float), offset = instance * stride;
    for (GLuint i = 0; i < 5 && attributes[kind][i] > 0; i++) {
        glVertexAttribPointer(i, attributes[kind][i], GL_FLOAT, GL_FALSE, (GLsizei)stride,
                              (const void *)(uintptr_t)offset);
        offset += (size_t)attributes[kind][i] * sizeof(float);
    }
}

static char *dup_gl_string(GLenum name) {
    const char *text = (const char *)glGetString(name);
    return strdup(text != NULL ? text : "");
}

gsc_status gsc_gl_renderer_new(gsc_gl_renderer **ret_renderer, gsc_error *error) {
    bool desktop = epoxy_is_desktop_gl();
    int version = epoxy_gl_version();
    if (version < (desktop ? 33 : 30)) {
        return gsc_fail(error, GSC_ERR_SYSTEM,
                        "this is OpenGL%s %d.%d; figures want OpenGL 3.3 or OpenGL ES 3.0",
                        desktop ? "" : " ES", version / 10, version % 10);
    }
    gsc_gl_renderer *renderer = calloc(1, sizeof *renderer);
    if (renderer == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left for the renderer");
    }
    static const char *const sources[PROGRAMS][2] = {[FILL] = {fill_vert, fill_frag},
                                                     [STROKE] = {stroke_vert, stroke_frag},
                                                     [MARKER] = {marker_vert, marker_frag}};
    gsc_status status = GSC_OK;
    for (int kind = 0; kind < PROGRAMS && status == GSC_OK; kind++) {
        status = gsc_gl_program(names[kind], sources[kind][0], sources[kind][1],
                                &renderer->program[kind], error);
        if (status == GSC_OK) {
            renderer->viewport[kind] = glGetUniformLocation(renderer->program[kind], "viewport");
            describe_instances(renderer, kind);
        }
    }
    glBindVertexArray(0);
    glBindBuffer(GL_ARRAY_BUFFER, 0);
    if (status == GSC_OK) {
        status = gsc_gl_images_init(&renderer->images, image_vert, image_frag, error);
    }
    if (status == GSC_OK) {
        status = gsc_gl_rasters_init(&renderer->rasters, image_vert, raster_frag, error);
    }
    renderer->vendor = dup_gl_string(GL_VENDOR);
    renderer->name = dup_gl_string(GL_RENDERER);
    renderer->version = dup_gl_string(GL_VERSION);
    if (status != GSC_OK) {
        gsc_gl_renderer_free(renderer);
        return status;
    }
    *ret_renderer = renderer;
    return GSC_OK;
}

void gsc_gl_renderer_free(gsc_gl_renderer *renderer) {
    if (renderer == NULL) {
        return;
    }
    for (int kind = 0; kind < PROGRAMS; kind++) {
        glDeleteProgram(renderer->program[kind]);
    }
    gsc_gl_images_clear(&renderer->images);
    gsc_gl_rasters_clear(&renderer->rasters);
    glDeleteVertexArrays(PROGRAMS, renderer->array);
    glDeleteBuffers(PROGRAMS, renderer->buffer);
    free(renderer->floats);
    free(renderer->vendor);
    free(renderer->name);
    free(renderer->version);
    free(renderer);
}

gsc_gl_info gsc_gl_renderer_info(const gsc_gl_renderer *renderer) {
    return (gsc_gl_info){renderer->vendor, renderer->name,   renderer->version,
                         renderer->frames, renderer->points, renderer->instances};
}

/* ---- Instances ------------------------------------------------------------------------------ */

static float *put(float *out, double value) {
    *out = (float)value;
    return out + 1;
}

static float *put_color(float *out, gsc_rgba color) {
    *out++ = color.r;
    *out++ = color.g;
    *out++ = color.b;
    *out++ = color.a;
    return out;
}

static float *put_fill(float *out, const gsc_scene_fill *fill, double scale) {
    const double values[6] = {fill->x0, fill->top0, fill->bottom0,
                              fill->x1, fill->top1, fill->bottom1};
    for (int i = 0; i < 6; i++) {
        out = put(out, values[i] * scale);
    }
    return put_color(out, fill->color);
}

static float *put_stroke(float *out, const gsc_scene *scene, const gsc_scene_stroke *stroke,
                         double scale) {
    double arc = 0;
    for (size_t i = 0; i + 1 < stroke->count; i++) {
        gsc_scene_vertex a = scene->vertices[stroke->first + i];
        gsc_scene_vertex b = scene->vertices[stroke->first + i + 1];
        const double values[8] = {
            a.x, a.y, b.x, b.y, stroke->width, arc, stroke->dash_on, stroke->dash_off};
        for (int k = 0; k < 8; k++) {
            out = put(out, values[k] * scale);
        }
        out = put_color(out, stroke->color);
        out = put(out, stroke->round);
        arc += hypot(b.x - a.x, b.y - a.y);
    }
    return out;
}

static float *put_marker(float *out, const gsc_scene_marker *marker, double scale) {
    out = put(out, marker->x * scale);
    out = put(out, marker->y * scale);
    out = put(out, marker->radius * scale);
    out = put(out, (unsigned)marker->shape % 4);
    out = put_color(out, marker->fill);
    out = put_color(out, marker->ring);
    return put(out, marker->ring_width * scale);
}

static size_t count_segments(const gsc_scene *scene, size_t first, size_t count) {
    size_t n = 0;
    for (size_t i = first; i < first + count; i++) {
        n += scene->strokes[i].count - 1;
    }
    return n;
}

/* Writes all instances of a kind and hands them to the buffer of that kind; false: no memory. */
static bool upload(gsc_gl_renderer *renderer, const gsc_scene *scene, int kind, double scale) {
    size_t n = kind == FILL     ? scene->n_fills
               : kind == MARKER ? scene->n_markers
                                : count_segments(scene, 0, scene->n_strokes);
    size_t needed = n * (size_t)renderer->stride[kind];
    renderer->instances += n;
    if (needed > renderer->capacity) {
        float *floats = realloc(renderer->floats, needed * sizeof *floats);
        if (floats == NULL) {
            return false;
        }
        renderer->floats = floats;
        renderer->capacity = needed;
    }
    float *out = renderer->floats;
    if (kind == STROKE) {
        for (size_t i = 0; i < scene->n_strokes; i++) {
            out = put_stroke(out, scene, &scene->strokes[i], scale);
        }
    }
    for (size_t i = 0; kind == FILL && i < n; i++) {
        out = put_fill(out, &scene->fills[i], scale);
    }
    for (size_t i = 0; kind == MARKER && i < n; i++) {
        out = put_marker(out, &scene->markers[i], scale);
    }
    assert(n == 0 || (size_t)(out - renderer->floats) == needed);
    glBindBuffer(GL_ARRAY_BUFFER, renderer->buffer[kind]);
    glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)(needed * sizeof(float)), renderer->floats,
                 GL_STREAM_DRAW);
    return true;
}

/* ---- Frames --------------------------------------------------------------------------------- */

/* What a frame changes and puts back. */
typedef struct gl_state {
    GLint program, array, buffer, unit, textures[2], scissor_box[4], blend[4], equation[2];
    GLboolean scissor, blending, depth, stencil, cull;
    GLfloat clear[4];
} gl_state;

static gl_state save_state(void) {
    gl_state s;
    glGetIntegerv(GL_CURRENT_PROGRAM, &s.program);
    glGetIntegerv(GL_VERTEX_ARRAY_BINDING, &s.array);
    glGetIntegerv(GL_ARRAY_BUFFER_BINDING, &s.buffer);
    glGetIntegerv(GL_ACTIVE_TEXTURE, &s.unit);
    for (GLenum i = 0; i < 2; i++) {
        glActiveTexture(GL_TEXTURE0 + i);
        glGetIntegerv(GL_TEXTURE_BINDING_2D, &s.textures[i]);
    }
    glGetIntegerv(GL_SCISSOR_BOX, s.scissor_box);
    glGetIntegerv(GL_BLEND_SRC_RGB, &s.blend[0]);
    glGetIntegerv(GL_BLEND_DST_RGB, &s.blend[1]);
    glGetIntegerv(GL_BLEND_SRC_ALPHA, &s.blend[2]);
    glGetIntegerv(GL_BLEND_DST_ALPHA, &s.blend[3]);
    glGetIntegerv(GL_BLEND_EQUATION_RGB, &s.equation[0]);
    glGetIntegerv(GL_BLEND_EQUATION_ALPHA, &s.equation[1]);
    glGetFloatv(GL_COLOR_CLEAR_VALUE, s.clear);
    s.scissor = glIsEnabled(GL_SCISSOR_TEST);
    s.blending = glIsEnabled(GL_BLEND);
    s.depth = glIsEnabled(GL_DEPTH_TEST);
    s.stencil = glIsEnabled(GL_STENCIL_TEST);
    s.cull = glIsEnabled(GL_CULL_FACE);
    return s;
}

static void set_enabled(GLenum what, bool on) {
    (on ? glEnable : glDisable)(what);
}

static void restore_state(const gl_state *s) {
    glUseProgram((GLuint)s->program);
    glBindVertexArray((GLuint)s->array);
    glBindBuffer(GL_ARRAY_BUFFER, (GLuint)s->buffer);
    for (GLenum i = 0; i < 2; i++) {
        glActiveTexture(GL_TEXTURE0 + i);
        glBindTexture(GL_TEXTURE_2D, (GLuint)s->textures[i]);
    }
    glActiveTexture((GLenum)s->unit);
    glScissor(s->scissor_box[0], s->scissor_box[1], s->scissor_box[2], s->scissor_box[3]);
    glBlendFuncSeparate((GLenum)s->blend[0], (GLenum)s->blend[1], (GLenum)s->blend[2],
                        (GLenum)s->blend[3]);
    glBlendEquationSeparate((GLenum)s->equation[0], (GLenum)s->equation[1]);
    glClearColor(s->clear[0], s->clear[1], s->clear[2], s->clear[3]);
    set_enabled(GL_SCISSOR_TEST, s->scissor);
    set_enabled(GL_BLEND, s->blending);
    set_enabled(GL_DEPTH_TEST, s->depth);
    set_enabled(GL_STENCIL_TEST, s->stencil);
    set_enabled(GL_CULL_FACE, s->cull);
}

static void clip_to(const gsc_scene_batch *batch, double scale, double height) {
    set_enabled(GL_SCISSOR_TEST, batch->clipped);
    if (batch->clipped) {
        double left = round(batch->clip.x * scale);
        double right = round((batch->clip.x + batch->clip.width) * scale);
        double top = round(batch->clip.y * scale);
        double bottom = round((batch->clip.y + batch->clip.height) * scale);
        glScissor((GLint)left, (GLint)(height - bottom), (GLsizei)fmax(right - left, 0),
                  (GLsizei)fmax(bottom - top, 0));
    }
}

static void draw_batches(gsc_gl_renderer *renderer, const gsc_scene *scene, double scale,
                         double width, double height) {
    static const int program_of[] = {
        [GSC_SCENE_FILLS] = FILL, [GSC_SCENE_STROKES] = STROKE, [GSC_SCENE_MARKERS] = MARKER};
    size_t segments = 0; /* of the strokes drawn so far */
    for (size_t i = 0; i < scene->n_batches; i++) {
        const gsc_scene_batch *batch = &scene->batches[i];
        if (batch->kind == GSC_SCENE_ENVELOPES) {
            clip_to(batch, scale, height);
            gsc_gl_rasters_draw(&renderer->rasters, scene, batch, scale, width, height);
            continue;
        }
        if (batch->kind == GSC_SCENE_IMAGES) {
            clip_to(batch, scale, height);
            for (size_t k = batch->first; k < batch->first + batch->count; k++) {
                gsc_gl_images_draw(&renderer->images, &scene->images[k], batch->clip, scale, width,
                                   height);
            }
            continue;
        }
        int kind = program_of[batch->kind];
        size_t first = batch->first, count = batch->count;
        if (kind == STROKE) {
            count = count_segments(scene, first, count);
            first = segments;
            segments += count;
        }
        clip_to(batch, scale, height);
        glUseProgram(renderer->program[kind]);
        glUniform2f(renderer->viewport[kind], (GLfloat)width, (GLfloat)height);
        glBindVertexArray(renderer->array[kind]);
        glBindBuffer(GL_ARRAY_BUFFER, renderer->buffer[kind]);
        begin_at(renderer, kind, first);
        glDrawArraysInstanced(GL_TRIANGLE_STRIP, 0, 4, (GLsizei)count);
    }
}

gsc_status gsc_gl_draw(gsc_gl_renderer *renderer, const gsc_layout *layout, double scale,
                       gsc_error *error) {
    gsc_scene *scene = gsc_scene_new(layout, scale);
    if (scene == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left for the figure's shapes");
    }
    GLint viewport[4];
    glGetIntegerv(GL_VIEWPORT, viewport);
    gl_state saved = save_state();
    gsc_rgba ground = layout->theme->ground;
    glDisable(GL_SCISSOR_TEST);
    glDisable(GL_DEPTH_TEST);
    glDisable(GL_STENCIL_TEST);
    glDisable(GL_CULL_FACE);
    glClearColor(ground.r, ground.g, ground.b, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    glEnable(GL_BLEND);
    glBlendEquationSeparate(GL_FUNC_ADD, GL_FUNC_ADD);
    glBlendFuncSeparate(GL_ONE, GL_ONE_MINUS_SRC_ALPHA, GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
    renderer->instances = 0;
    bool good = true;
    for (int kind = 0; kind < PROGRAMS && good; kind++) {
        good = upload(renderer, scene, kind, scale);
    }
    if (good) {
        draw_batches(renderer, scene, scale, viewport[2], viewport[3]);
        renderer->frames++;
        renderer->points = scene->n_points;
    }
    restore_state(&saved);
    gsc_scene_free(scene);
    return good ? GSC_OK
                : gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left for the figure");
}
