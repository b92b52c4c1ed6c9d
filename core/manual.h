/* SPDX-License-Identifier: MIT
 *
 * manual.h - what `wye -S` prints: every setting, as Markdown tables that are made from those
 * that configs are checked against. docs/configuration.md has them. Main thread.
 */
#ifndef WYE_CORE_MANUAL_H
#define WYE_CORE_MANUAL_H

#include <stdio.h>

void wye_manual_settings(FILE *out);

#endif
