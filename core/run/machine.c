/* SPDX-License-Identifier: MIT
 *
 * gsc_machine_describe: see machine.h.
 */
#include "core/run/machine.h"

#include "core/run/build_info.h"
#include "kernels/cpu_info.h"

#include <stdio.h>
#include <sys/utsname.h>

json_t *gsc_machine_describe(int64_t threads) {
    const gsc_cpu_info *cpu = gsc_cpu_info_get();
    struct utsname name = {0};
    uname(&name);
    char system[sizeof name.sysname + sizeof name.release + sizeof name.machine + 4];
    snprintf(system, sizeof system, "%s %s %s", name.sysname, name.release, name.machine);
    json_int_t used = threads > 0 ? threads : (json_int_t)cpu->cores;
    return json_pack("{ss ss ss sI sI ss sI ss ss}", "host", name.nodename, "system", system, "cpu",
                     cpu->model, "cores", (json_int_t)cpu->cores, "memory_bytes",
                     (json_int_t)cpu->memory_bytes, "kernel_path", gsc_cpu_path(), "threads", used,
                     "version", gsc_build_version(), "commit", gsc_build_commit());
}
