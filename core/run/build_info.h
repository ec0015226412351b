/* SPDX-License-Identifier: MIT
 *
 * Which program this is: what `--version` prints and every run file keeps.
 *
 * Layer: core/run; build_info.c is written by the build from build_info.c.in.
 */
#ifndef GSC_CORE_RUN_BUILD_INFO_H
#define GSC_CORE_RUN_BUILD_INFO_H

const char *gsc_build_version(void); /* "0.1.0" */
/* The commit it was built from, with "-dirty" after local changes; "unknown" outside a checkout. */
const char *gsc_build_commit(void);

#endif
