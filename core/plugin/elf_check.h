/* SPDX-License-Identifier: MIT
 *
 * What can be told of a plugin's file without running any of it: that it is a whole ELF shared object of
 * this machine, needs nothing but the C and mathematics libraries, and exports the one symbol.
 *
 * Layer: core/plugin; libc, libdl.
 */
#ifndef GSC_CORE_PLUGIN_ELF_CHECK_H
#define GSC_CORE_PLUGIN_ELF_CHECK_H

#include "core/base/error.h"

#include <stddef.h>

/* Checks the bytes of a file. A refusal is a predicate, to be read after the file's name: "needs
 * libz.so.1; ...". Every offset in the file is distrusted. */
gsc_status gsc_elf_check(const void *bytes, size_t size, gsc_error *error);

/* Refuses a file that exports more than the one symbol. Its own check, since such a file can be loaded. */
gsc_status gsc_elf_check_exports(const void *bytes, size_t size, gsc_error *error);

#endif
