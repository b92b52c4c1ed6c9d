/* SPDX-License-Identifier: MIT
 *
 * wye/plugin.h - what a plugin exports.
 *
 * A plugin is a shared object with one symbol: `const struct wye_plugin wye_plugin`. It is
 * loaded once; each entry of `plugins` in the config makes an instance of it by open(), and
 * every callback gets that instance back. So a plugin keeps nothing in file statics, and can be
 * mounted twice with different settings.
 */
#ifndef WYE_PLUGIN_H
#define WYE_PLUGIN_H

#include <wye/context.h>
#include <wye/delivery.h>
#include <wye/file.h>
#include <wye/group.h>
#include <wye/http.h>
#include <wye/jwt.h>
#include <wye/limit.h>
#include <wye/log.h>
#include <wye/loop.h>
#include <wye/metric.h>
#include <wye/multipart.h>
#include <wye/ready.h>
#include <wye/rest.h>
#include <wye/settings.h>
#include <wye/stream.h>
#include <wye/tls.h>
#include <wye/types.h>
#include <wye/websocket.h>

/* The interface's number; a plugin built against another is refused. It changes freely until
 * wye 1.0 and never from then on. */
#define WYE_PLUGIN_ABI 3

/* `size` members here and below hold sizeof of their struct: members are only ever appended, so
 * an older plugin is recognised by its smaller one. Lists are arrays of pointers with NULL at
 * the end. */
struct wye_plugin {
	uint32_t abi;
	uint32_t size;
	const char *name;
	const char *version;
	const char *sentence;               /* what it is for */
	const struct wye_setting *settings; /* of an instance; or NULL */
	/* Makes an instance, on the main thread, before any request: 0, or a negative errno
	 * with a sentence. Also for `wye -t`, which starts nothing: threads and connections are
	 * for start(). close() ends it, on the main thread, after the last call to any other
	 * callback. Both may be NULL. */
	int (*open)(const struct wye_settings *settings, void **instance,
		    struct wye_error *why);
	void (*close)(void *instance);
	const struct wye_rest_handler *const *rest_handlers;
	const struct wye_rest_middleware *const *rest_middleware;
	const struct wye_ws_handler *const *ws_handlers;
	const struct wye_ws_middleware *const *ws_middleware;
	/* All on the main thread, for each instance; each may be NULL.
	 * start: the loops run (wye_loop_at()), nothing is accepted yet. 0, or a negative errno
	 * with a sentence: the program ends with status 3. drain: the program was told to stop;
	 * connections are still served. stop: nothing is accepted any more, and all connections
	 * have ended or are about to be cut; the loops still run, for the last time: threads of
	 * the instance are ended here. For each instance that was started. */
	int (*start)(void *instance, struct wye_error *why);
	void (*drain)(void *instance);
	void (*stop)(void *instance);
};

/* Put before the definition of wye_plugin in a plugin. */
#ifdef __cplusplus
#define WYE_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define WYE_EXPORT __attribute__((visibility("default")))
#endif

#endif
