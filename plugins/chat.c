/* SPDX-License-Identifier: MIT
 *
 * chat.c - a chat as a plugin: who connects to "/ws/chat/:room?name=..." hears the room's last
 * messages and all that follow. The protocol is etc/www/wye.js's: who says {"n":7,"c":"client",
 * "text":"hi"} gets {"ack":7}; the room gets it with "from", "room" and "id", by which clients
 * sort, as loops overtake each other. Who is who is not checked.
 */
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wye/plugin.h>

enum { HISTORY = 1000, CLIENTS = 10000 /* of all rooms */, LONGEST = 4096 /* bytes */ };

struct chat {
	pthread_mutex_t lock;
	json_t *history, *seen; /* by client its last n, as what is not confirmed comes again */
	json_int_t id;          /* begins with the time, so that it grows over a restart */
	bool draining;
};

static int send_json(const char *room, const struct wye_ws *ws, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);
	int error = -ENOMEM;

	if (text && room)
		error = wye_group_publish((struct wye_text) { room, strlen(room) }, WYE_WS_TEXT,
					  text, strlen(text));
	else if (text)
		error = wye_ws_send(wye_ws_identity(ws), WYE_WS_TEXT, text, strlen(text));
	free(text);
	return error;
}

static int say(struct chat *chat, json_t *said, const char *client, json_int_t n)
{
	json_object_set_new(said, "id", json_integer(++chat->id));
	if (send_json(json_string_value(json_object_get(said, "room")), NULL, said))
		return -ENOMEM;
	json_array_append(chat->history, said);
	if (json_array_size(chat->history) > HISTORY)
		json_array_remove(chat->history, 0);
	json_object_del(chat->seen, client); /* an object has an order: now it is the last */
	json_object_set_new(chat->seen, client, json_integer(n));
	if (json_object_size(chat->seen) > CLIENTS)
		json_object_del(chat->seen, json_object_iter_key(json_object_iter(chat->seen)));
	return 0;
}

static int message(struct wye_ws *ws, const struct wye_mount *mount, enum wye_ws_kind kind,
		   const void *data, size_t length)
{
	json_auto_t *in = json_loadb(data, length, 0, NULL), *reply = NULL;
	struct chat *chat = mount->instance;
	const char *client, *text;
	json_int_t n = 0;
	int error = 0;

	pthread_mutex_lock(&chat->lock);
	if (json_unpack(in, "{s:I,s:s,s:s!}", "n", &n, "c", &client, "text", &text) || n < 1 ||
	    kind != WYE_WS_TEXT || length > LONGEST) {
		reply = json_pack("{s:s,s:O*}", "error", "want {n, c, text} up to 4096 bytes",
				  "n", json_object_get(in, "n"));
	} else if (!chat->draining) { /* else it is left to the next server, unconfirmed */
		json_object_update(in, wye_ws_data(ws));
		if (n > json_integer_value(json_object_get(chat->seen, client)))
			error = say(chat, in, client, n);
		reply = json_pack("{s:I}", "ack", n);
	}
	pthread_mutex_unlock(&chat->lock);
	return error || !reply ? error : send_json(NULL, ws, reply);
}

static int enter(struct wye_ws *ws, const struct wye_mount *mount,
		 const struct wye_handshake *handshake)
{
	struct wye_text me = wye_handshake_query_value(handshake, "name");
	struct wye_text path = wye_handshake_path(handshake); /* no other instance's room */
	json_t *room = json_stringn(path.data, path.length), *said;
	struct chat *chat = mount->instance;
	int error = -EINVAL;
	size_t i;

	wye_ws_set_data(ws, json_pack("{s:s%,s:o}", "from", me.data, me.length, "room", room));
	pthread_mutex_lock(&chat->lock);
	if (wye_ws_data(ws) && me.length && me.length <= 64)
		error = wye_group_join(wye_ws_identity(ws), path);
	json_array_foreach(chat->history, i, said)
		if (!error && json_equal(json_object_get(said, "room"), room))
			error = send_json(NULL, ws, said);
	pthread_mutex_unlock(&chat->lock);
	return error;
}

static void leave(struct wye_ws *ws, const struct wye_mount *mount,
		  const struct wye_ws_ending *ending)
{
	(void)mount;
	(void)ending;
	json_decref(wye_ws_data(ws));
}

static int begin(const struct wye_settings *settings, void **instance, struct wye_error *why)
{
	struct chat *chat = calloc(1, sizeof *chat);
	struct timespec now;

	(void)settings;
	(void)why;
	if (!chat)
		return -ENOMEM;
	clock_gettime(CLOCK_REALTIME, &now);
	*chat = (struct chat) { PTHREAD_MUTEX_INITIALIZER, json_array(), json_object(),
				now.tv_sec * 1000000 + now.tv_nsec / 1000, false };
	*instance = chat;
	return 0;
}

static void drain(void *instance)
{
	struct chat *chat = instance;

	pthread_mutex_lock(&chat->lock);
	chat->draining = true;
	pthread_mutex_unlock(&chat->lock);
}

static void end(void *instance)
{
	struct chat *chat = instance;

	json_decref(chat->history);
	json_decref(chat->seen);
	free(chat);
}

static const struct wye_ws_handler part = {
	.size = sizeof part, .name = "chat", .open = enter, .message = message, .close = leave
};
static const struct wye_ws_handler *const parts[] = { &part, NULL };

WYE_EXPORT const struct wye_plugin wye_plugin = {
	.abi = WYE_PLUGIN_ABI, .size = sizeof wye_plugin, .name = "chat", .open = begin,
	.close = end, .drain = drain, .ws_handlers = parts
};
