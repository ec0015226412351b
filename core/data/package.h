/* SPDX-License-Identifier: MIT
 *
 * Debian packages as sources of text: downloaded by name (never installed), or taken from a folder
 * of .deb files, and unpacked where they are told. Needs apt-get and dpkg-deb, no root.
 *
 * Layer: core/data.
 */
#ifndef GSC_CORE_DATA_PACKAGE_H
#define GSC_CORE_DATA_PACKAGE_H

#include "core/base/sha256.h"
#include "core/data/folder.h"
#include "core/data/watch.h"

#include <stdint.h>

typedef struct gsc_package {
    char name[64], version[128], file[256];
    char sha256[GSC_SHA256_TEXT_SIZE];
    uint64_t bytes;
    char path[GSC_DATA_PATH_SIZE]; /* of the .deb file */
} gsc_package;

/* Brings the package's file into folder, or finds NAME_*.deb (the newest by file time) in from,
 * unless NULL. Where the package is unknown and this is root, the lists of packages are updated
 * once. watch hears shares of this one package. Errors: GSC_ERR_IO with the program's own words
 * and a way out. */
gsc_status gsc_package_get(const char *name, const char *folder, const char *from,
                           const gsc_data_watch *watch, gsc_package *ret_package, gsc_error *error);

/* Unpacks the package's files below folder, which is made. */
gsc_status gsc_package_unpack(const gsc_package *package, const char *folder,
                              const gsc_data_watch *watch, gsc_error *error);

#endif
