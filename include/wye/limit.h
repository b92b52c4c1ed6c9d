/* SPDX-License-Identifier: MIT
 *
 * wye/limit.h - how often something may happen, and how many at once, by key: a leaky bucket
 * with the arithmetic of nginx's limit_req (1.15.7 and later), alone or in a table of bounded
 * memory; and places, which are entered and left.
 *
 * A bucket holds an excess: each event adds one, time takes `rate` per second away. An event
 * that finds an excess of at most `delay` passes at once; between `delay` and `burst` it waits
 * until the excess above `delay` has leaked; above `burst` it is refused and adds nothing. Like
 * nginx all is reckoned in whole milliseconds and thousandths of an event.
 */
#ifndef WYE_LIMIT_H
#define WYE_LIMIT_H

#include <wye/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wye_bucket_limits {
	uint32_t rate;         /* per second, in thousandths of an event; above 0 */
	uint32_t burst, delay; /* events */
};

/* Begins all zero. Its owner sees to locks. */
struct wye_bucket {
	uint64_t last;   /* milliseconds; 0: nothing has happened yet */
	uint64_t excess; /* thousandths */
};

enum wye_bucket_verdict {
	WYE_BUCKET_PASSES,
	WYE_BUCKET_WAITS,
	WYE_BUCKET_REFUSES,
};

struct wye_bucket_answer {
	enum wye_bucket_verdict verdict;
	uint64_t wait;   /* milliseconds: to its turn; or refused: until one more would fit */
	uint64_t excess; /* that the event has met, thousandths; refused: above `burst` */
};

/* An event at `now`, in milliseconds (above 0) of any clock: wye_loop_now(), say. Clocks of
 * several threads may differ a little. Any thread that owns the bucket. */
WYE_API struct wye_bucket_answer wye_bucket_take(const struct wye_bucket_limits *limits,
						 struct wye_bucket *bucket, uint64_t now);

/* Buckets by key. A key is known by a keyed hash of 64 bits, which nobody outside can make
 * collide, so memory does not grow with its length: 48 bytes for each key, at most. */
struct wye_buckets;

/* At most `keys` (1 to 16,777,216) are kept. Where there is no room for another one the oldest
 * is forgotten; so is, beside each new one, an old one that has been empty for a minute. Above
 * 1,023 there are 16 tables with a lock each: "oldest" is of one of them then. `name` is of
 * a-z, 0-9 and _: the metrics NAME_keys and NAME_forgotten_total count; the latter only what
 * was forgotten for want of room. For open(). Returns 0; -EINVAL; -ENOMEM. */
WYE_API int wye_buckets_create(struct wye_buckets **out, const char *name,
			       const struct wye_bucket_limits *limits,
			       size_t keys) WYE_MUST_CHECK;
/* NULL is accepted. After the last use by any thread. */
WYE_API void wye_buckets_destroy(struct wye_buckets *buckets);

/* An event of a key; `space` sets apart keys of different kinds that have the same text. Any
 * thread; takes a lock for some ten nanoseconds; no allocation. */
WYE_API struct wye_bucket_answer wye_buckets_take(struct wye_buckets *buckets, uint8_t space,
						  struct wye_text key, uint64_t now);

/* Places by key: so many for each. Memory is held for keys of which somebody is inside, 32
 * bytes each, known by their hash as above. */
struct wye_places;
struct wye_place;

/* `most` of each key may be inside. Returns 0; -ENOMEM. NULL is accepted by destroy(), after
 * the last has left. */
WYE_API int wye_places_create(struct wye_places **out, unsigned most) WYE_MUST_CHECK;
WYE_API void wye_places_destroy(struct wye_places *places);

/* Enters; `*out` is to be left once. Any thread; takes a lock for some ten nanoseconds. Returns
 * 0; -EAGAIN: `most` are inside; -ENOMEM. */
WYE_API int wye_places_enter(struct wye_places *places, struct wye_text key,
			     struct wye_place **out) WYE_MUST_CHECK;
/* Any thread. */
WYE_API void wye_places_leave(struct wye_places *places, struct wye_place *place);

#ifdef __cplusplus
}
#endif
#endif
