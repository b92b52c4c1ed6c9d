/* SPDX-License-Identifier: MIT
 *
 * load.c - what all connections of a run share: the target, the request, the frames.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "client.h"

uint64_t client_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int target_parse(struct client_load *load, const char *target)
{
	char host[64], path[256] = "/";
	unsigned port;

	if (sscanf(target, "%63[0-9.]:%u%255s", host, &port, path) < 2 || port > 65535)
		return -EINVAL;
	load->target.sin_family = AF_INET;
	load->target.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &load->target.sin_addr) != 1)
		return -EINVAL;
	load->request_length = (size_t)snprintf(load->request, sizeof load->request,
						"GET %s HTTP/1.1\r\nHost: %s:%u\r\n"
						"Upgrade: websocket\r\nConnection: Upgrade\r\n"
						"Sec-WebSocket-Key: " CLIENT_KEY "\r\n"
						"Sec-WebSocket-Version: 13\r\n\r\n",
						path, host, port);
	return 0;
}

static int frames_build(struct client_load *load)
{
	size_t each = load->size + FRAME_HEAD_MAX;

	load->payload = malloc(load->size + 1);
	load->frames = malloc(each * (load->batch + 1));
	if (!load->payload || !load->frames)
		return -ENOMEM;
	for (size_t i = 0; i < load->size; i++)
		load->payload[i] = (uint8_t)('a' + i % 26);
	load->frame = frame_put(load->frames, OPCODE_TEXT, load->payload, load->size);
	for (unsigned i = 1; i <= load->batch; i++)
		memcpy(load->frames + i * load->frame, load->frames, load->frame);
	load->ring = load->frame; /* they are equal, so each may follow any */
	return 0;
}

int client_load_init(struct client_load *load, const char *target, size_t size, unsigned batch)
{
	int error = target_parse(load, target);

	if (error)
		return error;
	load->size = size;
	load->batch = batch;
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	return load->epoll < 0 ? -errno : frames_build(load);
}

void client_load_number(struct client_load *load)
{
	load->numbered = true;
	load->verify_all = true;
	load->ring = (load->batch + 1) * load->frame;
}
