/* SPDX-License-Identifier: MIT
 *
 * Processes that compute in the background: behind the window and an editor, before idle jobs.
 * Layer: core/base. Linux.
 */
#ifndef GSC_CORE_BASE_SESSION_H
#define GSC_CORE_BASE_SESSION_H

enum {
    GSC_BACKGROUND_NICENESS = 5
};

/*
 * Gives the calling process, and the children it will have, GSC_BACKGROUND_NICENESS; a process that is
 * nicer already stays so.
 */
void gsc_background(void);

/*
 * Makes the calling process the leader of a session of its own, which a terminal's signals do not reach,
 * in the background. Where the kernel shares time between sessions first (autogroup), a process's
 * niceness counts within its session only, so the session gets it too. For a child between fork and exec:
 * calls nothing that is unsafe there. The kernel hears one such wish in 100 ms from those who are not root;
 * one it does not hear, or any other failure, changes nothing.
 */
void gsc_background_session(void);

#endif
