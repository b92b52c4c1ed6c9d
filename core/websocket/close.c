/* SPDX-License-Identifier: MIT
 *
 * close.c - see close.h.
 */
#include <string.h>

#include "websocket/close.h"
#include "websocket/utf8.h"

bool wye_ws_code_valid(unsigned code)
{
	if (code >= 3000)
		return code <= 4999; /* libraries, and applications among themselves */
	return (code >= WYE_WS_NORMAL && code <= WYE_WS_UNSUPPORTED) ||
	       (code >= WYE_WS_BAD_DATA && code <= WYE_WS_BAD_GATEWAY);
}

size_t wye_ws_close_payload(uint8_t out[WYE_WS_CONTROL_MAX], unsigned code, const char *reason)
{
	size_t length = reason ? strnlen(reason, WYE_WS_REASON_MAX + 1) : 0;

	if (code == WYE_WS_NO_CODE)
		return 0;
	out[0] = (uint8_t)(code >> 8);
	out[1] = (uint8_t)code;
	length = wye_utf8_cut((const uint8_t *)reason, length, WYE_WS_REASON_MAX);
	if (length)
		memcpy(out + 2, reason, length);
	return length + 2;
}
