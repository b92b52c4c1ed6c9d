/* SPDX-License-Identifier: MIT
 *
 * redirect.h - requests on a listener that only leads to https. Before the lane is chosen, so
 * that an Upgrade gets the same answer as any other request, and before the chain: what a
 * middleware adds to answers under TLS (HSTS, say) has no place here (RFC 6797, 7.2). Http
 * thread.
 */
#ifndef WYE_CORE_HTTP_REDIRECT_H
#define WYE_CORE_HTTP_REDIRECT_H

#include "http/request.h"

/* The head is read and checked. */
bool wye_redirect_wanted(struct wye_request *request);

/* Answers 308 (RFC 9110, 15.4.9), or 400 where nobody knows the host. In the engine's first
 * call; `body`: there is one, and it is not read. */
enum MHD_Result wye_redirect_answer(struct wye_request *request, bool body, void **context);

#endif
