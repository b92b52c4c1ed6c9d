/* SPDX-License-Identifier: MIT
 *
 * early.h - what was read of a plain socket before its loop had it: received at the turn's end,
 * before anything else of it. Nearly no client sends something that early (RFC 6455, 4.1), so
 * sockets have no room for it: it lies in a list of the loop's. Loop's thread.
 */
#ifndef WYE_CORE_STREAM_EARLY_H
#define WYE_CORE_STREAM_EARLY_H

#include "stream/socket.h"

/* It belongs to the loop from now on. */
void wye_early_add(struct wye_socket *socket, struct wye_early *early);

/* Takes it out of the list, to be freed; or NULL. */
struct wye_early *wye_early_take(struct wye_socket *socket);

/* Another receives it, which is `from` otherwise (wye_socket_move()). */
void wye_early_move(const struct wye_socket *from, struct wye_socket *to);

#endif
