/* SPDX-License-Identifier: MIT
 *
 * See program.h. Layer: ui/plot; libepoxy.
 */
#include "ui/plot/gl/program.h"

static gsc_status compile(GLenum stage, const char *name, const char *text, GLuint *ret_shader,
                          gsc_error *error) {
    const char *const parts[2] = {epoxy_is_desktop_gl() ? "#version 330 core\n"
                                                        : "#version 300 es\nprecision highp "
                                                          "float;\nprecision highp "
                                                          "sampler2D;\n",
                                  text};
    GLuint shader = glCreateShader(stage);
    glShaderSource(shader, 2, parts, NULL);
    glCompileShader(shader);
    GLint good = GL_FALSE;
    glGetShaderiv(shader, GL_COMPILE_STATUS, &good);
    if (good != GL_TRUE) {
        char log[400] = "";
        glGetShaderInfoLog(shader, sizeof log, NULL, log);
        glDeleteShader(shader);
        return gsc_fail(error, GSC_ERR_SYSTEM, "OpenGL refuses the shader \"%s\": %s", name, log);
    }
    *ret_shader = shader;
    return GSC_OK;
}

gsc_status gsc_gl_program(const char *name, const char *vertex, const char *fragment,
                          GLuint *ret_program, gsc_error *error) {
    GLuint shaders[2] = {0, 0};
    gsc_status status = compile(GL_VERTEX_SHADER, name, vertex, &shaders[0], error);
    if (status == GSC_OK) {
        status = compile(GL_FRAGMENT_SHADER, name, fragment, &shaders[1], error);
    }
    if (status == GSC_OK) {
        GLuint program = glCreateProgram();
        glAttachShader(program, shaders[0]);
        glAttachShader(program, shaders[1]);
        glLinkProgram(program);
        GLint good = GL_FALSE;
        glGetProgramiv(program, GL_LINK_STATUS, &good);
        *ret_program = program;
        if (good != GL_TRUE) {
            char log[400] = "";
            glGetProgramInfoLog(program, sizeof log, NULL, log);
            status = gsc_fail(error, GSC_ERR_SYSTEM, "OpenGL does not link the program \"%s\": %s",
                              name, log);
        }
    }
    glDeleteShader(shaders[0]);
    glDeleteShader(shaders[1]);
    return status;
}
