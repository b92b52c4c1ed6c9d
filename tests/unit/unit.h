/* SPDX-License-Identifier: MIT
 *
 * unit.h - what every unit test includes, in the order that cmocka wants.
 */
#ifndef WYE_TESTS_UNIT_UNIT_H
#define WYE_TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
