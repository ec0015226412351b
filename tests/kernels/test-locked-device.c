/* SPDX-License-Identifier: MIT
 *
 * The locked device: moves and ops work, and a host that peeks dies. Layer: tests.
 */
#include "tests/kernels/locked_device.h"

#include "kernels/elementwise.h"
#include "tests/tap.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The signal that a child dies of when it reads (or writes) the buffer's memory; 0: none. */
static int peek(const gsc_buf *buf, int writes) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        volatile float *memory = (volatile float *)gsc_locked_address(buf);
        if (writes) {
            *memory = 1.0f;
        }
        _exit(*memory == 3.0f);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int main(void) {
    gsc_queue *queue = NULL;
    gsc_queue_new(gsc_device_locked(), NULL, 64, &queue, NULL);
    gsc_buf *buf = NULL;
    gsc_buf_new(queue, 16, &buf, NULL);
    const float numbers[4] = {1.0f, 2.0f, 3.0f, 4.0f};
    float got[4] = {0};
    gsc_view view;
    gsc_view_init(&view, buf, GSC_F32, 0, 1, (const int64_t[]){4}, NULL);
    gsc_buf_write(queue, buf, 0, numbers, sizeof numbers, NULL);
    TAP_OK(peek(buf, 0) == SIGSEGV, "a host that reads a buffer dies");
    gsc_scale(queue, &view, 2.0);
    TAP_OK(peek(buf, 1) == SIGSEGV, "also after an op, and one that writes");
    gsc_buf_read(queue, buf, 0, sizeof got, got, NULL);
    TAP_OK(gsc_queue_finish(queue, NULL) == GSC_OK && got[3] == 8.0f, "ops and moves work");
    gsc_buf *host = NULL;
    gsc_queue *other = NULL;
    gsc_queue_new(gsc_device_cpu(), NULL, 0, &other, NULL);
    gsc_buf_new(other, 16, &host, NULL);
    gsc_error error = {0};
    TAP_OK(gsc_buf_read(queue, host, 0, 4, got, &error) == GSC_ERR_INPUT,
           "a buffer of the host's memory is refused");
    gsc_buf_free(host);
    gsc_queue_free(other);
    gsc_buf_free(buf);
    gsc_queue_free(queue);
    return tap_done();
}
