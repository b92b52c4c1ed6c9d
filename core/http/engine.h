/* SPDX-License-Identifier: MIT
 *
 * engine.h - the callbacks that libmicrohttpd calls. Only core/http knows libmicrohttpd.
 */
#ifndef WYE_CORE_HTTP_ENGINE_H
#define WYE_CORE_HTTP_ENGINE_H

#include "http/thread.h"

/* Makes the thread's daemon. Main thread. Returns 0 or a negative errno. */
int wye_engine_start(struct wye_http_thread *thread) WYE_MUST_CHECK;

#endif
