/* SPDX-License-Identifier: MIT
 *
 * One plugin's own C file, unmodified, as C++ with float for double: what a device compiles. PLUGIN_FILE
 * is its path.
 */
#define GSC_REAL float
#include PLUGIN_FILE
