/* SPDX-License-Identifier: MIT
 *
 * close.h - close codes and the payload of close frames (RFC 6455, 5.5.1 and 7.4). Pure; any
 * thread.
 */
#ifndef WYE_CORE_WEBSOCKET_CLOSE_H
#define WYE_CORE_WEBSOCKET_CLOSE_H

#include <wye/types.h>

enum wye_ws_code {
	WYE_WS_NORMAL = 1000,
	WYE_WS_GOING_AWAY = 1001,
	WYE_WS_PROTOCOL_ERROR = 1002,
	WYE_WS_UNSUPPORTED = 1003,
	WYE_WS_NO_CODE = 1005,  /* the frame held no code; never sent */
	WYE_WS_ABNORMAL = 1006, /* there was no close frame; never sent */
	WYE_WS_BAD_DATA = 1007,
	WYE_WS_POLICY_VIOLATION = 1008,
	WYE_WS_TOO_BIG = 1009,
	WYE_WS_NO_EXTENSION = 1010,
	WYE_WS_INTERNAL_ERROR = 1011,
	WYE_WS_RESTART = 1012,
	WYE_WS_TRY_LATER = 1013,
	WYE_WS_BAD_GATEWAY = 1014,
	WYE_WS_BAD_TLS = 1015, /* never sent */
};

enum {
	WYE_WS_CONTROL_MAX = 125, /* payload bytes of a control frame (5.5) */
	WYE_WS_REASON_MAX = 123,  /* of them for the reason of a close frame */
};

/* True for a code that may stand in a close frame (7.4.1, 7.4.2). */
bool wye_ws_code_valid(unsigned code);

/* Builds the payload: the code, then the reason (UTF-8, or NULL), cut at 123 bytes but never
 * within a character. The code 1005 gives an empty payload. Returns the payload's length. */
size_t wye_ws_close_payload(uint8_t out[WYE_WS_CONTROL_MAX], unsigned code, const char *reason);

#endif
