/* SPDX-License-Identifier: MIT
 *
 * Shader programs. Layer: ui/plot, private to gl/.
 */
#ifndef GSC_UI_PLOT_GL_PROGRAM_H
#define GSC_UI_PLOT_GL_PROGRAM_H

#include "core/base/error.h"

#include <epoxy/gl.h>

/* Compiles and links; GSC_ERR_SYSTEM with the driver's words, where *ret_program is 0 or wants
 * deleting all the same. */
gsc_status gsc_gl_program(const char *name, const char *vertex, const char *fragment,
                          GLuint *ret_program, gsc_error *error);

#endif
