/* SPDX-License-Identifier: MIT
 *
 * shared.h - a message for many: framed once, and compressed once for each window size that
 * receivers have negotiated (RFC 7692, 7.1.2.1). Any thread.
 */
#ifndef WYE_CORE_WEBSOCKET_SHARED_H
#define WYE_CORE_WEBSOCKET_SHARED_H

#include "stream/frame.h"
#include "websocket/connection.h"

enum {
	WYE_WS_LEAST_BITS = 9, /* of a window that zlib compresses for */
	WYE_WS_WINDOWS = 7,    /* up to 15 bits */
};

/* How many receivers have which window. */
struct wye_ws_windows {
	atomic_uint count[WYE_WS_WINDOWS];
};

/* `bits` 0: it does not compress, and is not counted. */
void wye_ws_windows_add(struct wye_ws_windows *windows, unsigned bits, int change);

/* A connection compresses messages from this length on: shorter than the least of all, none is
 * compressed for many. */
void wye_ws_shared_expect(size_t minimum);

struct wye_ws_shared {
	struct wye_frame *plain;
	struct wye_frame *compressed[WYE_WS_WINDOWS]; /* NULL: nobody, or it does not pay */
};

/* The caller holds it. Returns 0; -EMSGSIZE; -ENOMEM. */
int wye_ws_shared_make(struct wye_ws_shared *out, enum wye_ws_kind kind, const void *data,
		       size_t length, const struct wye_ws_windows *windows) WYE_MUST_CHECK;
void wye_ws_shared_hold(const struct wye_ws_shared *shared);
void wye_ws_shared_drop(const struct wye_ws_shared *shared);

/* The frame that suits a connection; on its loop. */
struct wye_frame *wye_ws_shared_pick(const struct wye_ws_shared *shared,
				     const struct wye_ws *ws);

/* One compressed message's frame; NULL: it is to be sent as it is. */
struct wye_frame *wye_ws_frame_compress(unsigned bits, size_t minimum, enum wye_ws_kind kind,
					const void *data, size_t length);

#endif
