/* SPDX-License-Identifier: MIT
 *
 * no_adopt.c - for LD_PRELOAD by a test: every second socket is refused by libwebsockets.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <unistd.h>

#include <libwebsockets.h>

struct lws *lws_adopt_descriptor_vhost(struct lws_vhost *vhost, lws_adoption_type type,
				       lws_sock_file_fd_type socket, const char *protocol,
				       struct lws *parent)
{
	static atomic_uint calls;
	struct lws *(*adopt)(struct lws_vhost *vhost, lws_adoption_type type,
			     lws_sock_file_fd_type socket, const char *protocol,
			     struct lws *parent);

	if (atomic_fetch_add(&calls, 1) % 2 == 0) {
		*(void **)&adopt = dlsym(RTLD_NEXT, "lws_adopt_descriptor_vhost");
		return adopt(vhost, type, socket, protocol, parent);
	}
	close(socket.sockfd);
	return NULL;
}
