/* SPDX-License-Identifier: MIT
 *
 * deflate_table.h - bytes from a client that may compress, and the events that they must give,
 * rule by rule of RFC 7692. Included by test_deflate.c alone. Spelt as in codec_table.h.
 */

#define ZERO  "\0\0\0\0"                     /* a mask that changes nothing */
#define HELLO "\xf2\x48\xcd\xc9\xc9\x07\x00" /* "Hello" (7.2.3.1) */
#define A16   "aaaaaaaaaaaaaaaa"
#define ENTRY(keeps, limit, name, bytes, expected)                                             \
	{                                                                                      \
		name, bytes, sizeof(bytes) - 1, limit, keeps, expected                         \
	}
#define ROW(name, bytes, expected)          ENTRY(false, 1 << 20, name, bytes, expected)
#define KEPT(name, bytes, expected)         ENTRY(true, 1 << 20, name, bytes, expected)
#define LIMIT(limit, name, bytes, expected) ENTRY(false, limit, name, bytes, expected)
#define BAD_DATA                            "broken:1007:broken deflate data;"

static const struct row {
	const char *name, *bytes;
	size_t length, max_message;
	bool takeover;
	const char *expected;
} rows[] = {
	/* ---- the examples (7.2.3) ---- */
	ROW("one block", "\xc1\x87" ZERO HELLO, "text:Hello;"),
	ROW("one block with a mask", "\xc1\x87\x37\xfa\x21\x3d\xc5\xb2\xec\xf4\xfe\xfd\x21",
	    "text:Hello;"),
	ROW("in two frames", "\x41\x83" ZERO "\xf2\x48\xcd\x80\x84" ZERO "\xc9\xc9\x07\x00",
	    "text:Hello;"),
	KEPT("shared window", "\xc1\x87" ZERO HELLO "\xc1\x85" ZERO "\xf2\x00\x11\x00\x00",
	     "text:Hello;text:Hello;"),
	ROW("no window is shared", "\xc1\x87" ZERO HELLO "\xc1\x85" ZERO "\xf2\x00\x11\x00\x00",
	    "text:Hello;" BAD_DATA),
	ROW("a stored block", "\xc1\x8b" ZERO "\x00\x05\x00\xfa\xffHello\x00", "text:Hello;"),
	ROW("a last block", "\xc1\x88" ZERO "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "text:Hello;"),
	ROW("two blocks",
	    "\xc1\x8d" ZERO "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
	    "text:Hello;"),
	ROW("an empty message", "\xc1\x81" ZERO "\x00", "text:;"),
	ROW("no payload at all", "\xc2\x80" ZERO, "binary:;"),
	ROW("an empty message in a fixed block", "\xc1\x82" ZERO "\x02\x00", "text:;"),

	/* ---- blocks (RFC 1951, 3.2.3) ---- */
	ROW("blocks behind a last one",
	    "\xc1\x8f" ZERO "\xf3\x48\xcd\xc9\xc9\x07\x00" HELLO "\x00", BAD_DATA),
	ROW("a stream behind a last block",
	    "\xc1\x8e" ZERO "\xf3\x48\xcd\xc9\xc9\x07\x00" HELLO, "text:HelloHello;"),
	ROW("three streams",
	    "\xc1\x96" ZERO "\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48"
	    "\xcd\xc9\xc9\x07\x00\x00",
	    "text:HelloHelloHello;"),
	ROW("a last block ends the window",
	    "\xc1\x8c" ZERO "\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00", BAD_DATA),
	KEPT("a last block ends what was kept",
	     "\xc1\x88" ZERO "\xf3\x48\xcd\xc9\xc9\x07\x00\x00\xc1\x85" ZERO
	     "\xf2\x00\x11\x00\x00",
	     "text:Hello;" BAD_DATA),
	KEPT("a last block, and what is kept behind it",
	     "\xc1\x8e" ZERO "\xf3\x48\xcd\xc9\xc9\x07\x00" HELLO "\xc1\x85" ZERO
	     "\xf2\x00\x11\x00\x00",
	     "text:HelloHello;text:Hello;"),
	ROW("a last block without the byte behind it",
	    "\xc1\x87" ZERO "\xf3\x48\xcd\xc9\xc9\x07\x00", BAD_DATA),
	ROW("a reserved block", "\xc1\x81" ZERO "\x06", BAD_DATA),
	ROW("a stored block of two lengths", "\xc1\x8b" ZERO "\x00\x05\x00\xfa\xfeHello\x00",
	    BAD_DATA),
	ROW("a stored block that is cut", "\xc1\x89" ZERO "\x00\x7f\x00\x80\xffHell", BAD_DATA),
	ROW("a block that is cut", "\xc1\x83" ZERO "\xf2\x48\xcd", BAD_DATA),
	ROW("without the byte at the end", "\xc1\x86" ZERO "\xf2\x48\xcd\xc9\xc9\x07",
	    BAD_DATA),
	ROW("the tail is sent, too", "\xc1\x8b" ZERO HELLO "\x00\x00\xff\xff", BAD_DATA),
	ROW("a byte behind the end", "\xc1\x88" ZERO HELLO "\xff", BAD_DATA),
	ROW("one behind the end", "\xc1\x88" ZERO HELLO "\x01", BAD_DATA),
	ROW("another zero behind the end", "\xc1\x88" ZERO HELLO "\x00", BAD_DATA),
	/* it fills the first allocation to its end */
	ROW("a block whose data the tail is",
	    "\xc2\x8a" ZERO "\x4a\x4c\x1c\xb9\x00\x00\x04\x00\xfb\xff",
	    "binary:<256 7f99f84813ad8c77>;"),
	ROW("too many codes", "\xc1\x83" ZERO "\xfc\xff\x07", BAD_DATA),
	ROW("a distance to nowhere", "\xc1\x83" ZERO "\x02\x01\x00", BAD_DATA),

	/* ---- a context that is kept ---- */
	KEPT("plain between compressed ones",
	     "\xc1\x87" ZERO HELLO "\x81\x83" ZERO "abc\xc1\x85" ZERO "\xf2\x00\x11\x00\x00",
	     "text:Hello;text:abc;text:Hello;"),
	KEPT("three messages",
	     "\xc1\x87" ZERO HELLO "\xc2\x85" ZERO "\xf2\x00\x11\x00\x00\xc1\x85" ZERO
	     "\xf2\x00\x11\x00\x00",
	     "text:Hello;binary:Hello;text:Hello;"),
	KEPT("an empty one between",
	     "\xc1\x87" ZERO HELLO "\xc1\x81" ZERO "\x00\xc1\x85" ZERO "\xf2\x00\x11\x00\x00",
	     "text:Hello;text:;text:Hello;"),

	/* ---- frames (6, 7.2) ---- */
	ROW("plain messages among others",
	    "\x81\x82" ZERO "ab\xc2\x87" ZERO HELLO "\x82\x81" ZERO "c\xc1\x87" ZERO HELLO,
	    "text:ab;binary:Hello;binary:c;text:Hello;"),
	ROW("fragments of a byte",
	    "\x41\x81" ZERO "\xf2\x00\x81" ZERO "\x48\x00\x81" ZERO "\xcd\x00\x81" ZERO
	    "\xc9\x00\x81" ZERO "\xc9\x00\x81" ZERO "\x07\x80\x81" ZERO "\x00",
	    "text:Hello;"),
	ROW("empty fragments", "\x41\x80" ZERO "\x00\x87" ZERO HELLO "\x80\x80" ZERO,
	    "text:Hello;"),
	ROW("controls among fragments",
	    "\x41\x83" ZERO "\xf2\x48\xcd\x89\x82" ZERO "pq\x80\x84" ZERO "\xc9\xc9\x07\x00",
	    "ping:pq;text:Hello;"),
	ROW("plain fragments behind compressed ones",
	    "\x41\x83" ZERO "\xf2\x48\xcd\x80\x84" ZERO "\xc9\xc9\x07\x00\x01\x81" ZERO
	    "a\x80\x81" ZERO "b",
	    "text:Hello;text:ab;"),
	ROW("RSV1 on a continuation", "\x41\x83" ZERO "\xf2\x48\xcd\xc0\x84" ZERO,
	    "broken:1002:reserved bit set;"),
	ROW("RSV1 on a continuation of a plain one", "\x01\x81" ZERO "a\xc0\x81",
	    "broken:1002:reserved bit set;"),
	ROW("RSV1 on a continuation of nothing", "\xc0\x80", "broken:1002:reserved bit set;"),
	ROW("RSV1 on a ping", "\xc9\x80" ZERO, "broken:1002:reserved bit set;"),
	ROW("RSV1 on a pong", "\xca\x80" ZERO, "broken:1002:reserved bit set;"),
	ROW("RSV1 on a close", "\xc8\x80" ZERO, "broken:1002:reserved bit set;"),
	ROW("RSV2", "\xa1\x80" ZERO, "broken:1002:reserved bit set;"),
	ROW("RSV3", "\x91\x80" ZERO, "broken:1002:reserved bit set;"),
	ROW("RSV1 and RSV2", "\xe1\x80" ZERO, "broken:1002:reserved bit set;"),
	ROW("RSV1 and RSV3", "\xd2\x80" ZERO, "broken:1002:reserved bit set;"),
	ROW("RSV1 and a reserved opcode", "\xc3\x80" ZERO, "broken:1002:reserved opcode;"),
	ROW("a message within fragments", "\x41\x81" ZERO "\xf2\xc1\x80",
	    "broken:1002:message within a fragmented message;"),
	ROW("a compressed one within plain fragments", "\x01\x81" ZERO "a\xc1\x80",
	    "broken:1002:message within a fragmented message;"),
	ROW("nothing behind broken data", "\xc1\x81" ZERO "\x06\x81\x81" ZERO "a", BAD_DATA),
	ROW("close among fragments", "\x41\x83" ZERO "\xf2\x48\xcd\x88\x80" ZERO,
	    "close:1005:;"),

	/* ---- text ---- */
	ROW("the payload needn't be UTF-8",
	    "\x41\x81" ZERO "\xf2\x80\x86" ZERO "\x48\xcd\xc9\xc9\x07\x00", "text:Hello;"),
	ROW("what is inflated must be", "\xc1\x88" ZERO "\x00\x02\x00\xfd\xff\xc3\x28\x00",
	    "broken:1007:text is not UTF-8;"),
	ROW("a character cut at the end", "\xc1\x87" ZERO "\x00\x01\x00\xfe\xff\xc3\x00",
	    "broken:1007:text is not UTF-8;"),
	ROW("binary may be anything", "\xc2\x88" ZERO "\x00\x02\x00\xfd\xff\xc3\x28\x00",
	    "binary:\\c3(;"),

	/* ---- max_message ---- */
	LIMIT(5, "at the limit", "\xc1\x87" ZERO HELLO, "text:Hello;"),
	LIMIT(4, "above it", "\xc1\x87" ZERO HELLO, "broken:1009:message too big;"),
	LIMIT(0, "one above nothing", "\xc1\x87" ZERO HELLO, "broken:1009:message too big;"),
	LIMIT(0, "nothing", "\xc1\x81" ZERO "\x00", "text:;"),
	LIMIT(4, "above it, then broken", "\xc1\x86" ZERO "\xf2\x48\xcd\xc9\xc9\xff",
	      "broken:1009:message too big;"),
	LIMIT(5, "at the limit, then broken", "\xc1\x88" ZERO HELLO "\x01", BAD_DATA),
	LIMIT(16, "payload a little above it",
	      "\xc2\x96" ZERO "\x00\x10\x00\xef\xff" A16 "\x00", "binary:" A16 ";"),
	LIMIT(16, "the same, plain", "\x82\x96", "broken:1009:message too big;"),
	LIMIT(16, "payload far above it", "\xc2\xd2", "broken:1009:message too big;"),
	LIMIT(16, "fragments far above it", "\x42\xd0" ZERO A16 A16 A16 A16 A16 "\x80\x82",
	      "broken:1009:message too big;"),
	LIMIT(16, "plain fragments above it", "\x02\x90" ZERO A16 "\x80\x81",
	      "broken:1009:message too big;"),
	LIMIT(5, "each message by itself", "\xc1\x87" ZERO HELLO "\xc1\x87" ZERO HELLO,
	      "text:Hello;text:Hello;"),
};
