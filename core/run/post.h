/* SPDX-License-Identifier: MIT
 *
 * A worker's post: a sink whose records a thread of its own carries to the supervisor, so that
 * computing waits for neither socket nor disk (only where 32 MB lie unsent). The same thread hears
 * the supervisor's wish to stop, and beats the heart of the shared page.
 *
 * Layer: core/run; pthreads.
 */
#ifndef GSC_CORE_RUN_POST_H
#define GSC_CORE_RUN_POST_H

#include "core/base/error.h"
#include "core/run/frame.h"
#include "core/run/sink.h"
#include "core/run/worker_page.h"

typedef struct gsc_post gsc_post;

/* Takes over the socket, and with it what reader has already read of it. A supervisor that closes
 * its end ends this process at once. */
gsc_status gsc_post_new(int socket, gsc_frame_reader *reader, gsc_worker_page *page,
                        gsc_post **ret_post, gsc_error *error);

gsc_sink *gsc_post_sink(gsc_post *post);

/* Sends the last word of a run that ended with status, after everything else, and waits until it is
 * sent. message is used where status is neither GSC_OK nor GSC_ERR_STOPPED. The post lives until
 * exit. */
void gsc_post_finish(gsc_post *post, gsc_status status, const char *message);

#endif
