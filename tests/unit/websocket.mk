# Tests of core/websocket. Some wrap the allocator to see what happens without memory.
WEBSOCKET_TESTS = \
	tests/unit/test_backlog \
	tests/unit/test_clock \
	tests/unit/test_codec \
	tests/unit/test_deflate \
	tests/unit/test_delivery \
	tests/unit/test_group \
	tests/unit/test_ledger \
	tests/unit/test_offers \
	tests/unit/test_rate \
	tests/unit/test_utf8

check_PROGRAMS += $(WEBSOCKET_TESTS)
TESTS += $(WEBSOCKET_TESTS)

tests_unit_test_codec_SOURCES = tests/unit/test_codec.c tests/unit/codec_table.h \
	tests/unit/codec_trace.h tests/unit/naive_decoder.h tests/unit/naive_inflate.h
tests_unit_test_codec_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_codec_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=realloc
tests_unit_test_codec_LDADD = libwyecore.a $(ZLIB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_deflate_SOURCES = tests/unit/test_deflate.c tests/unit/deflate_table.h \
	tests/unit/codec_trace.h tests/unit/naive_decoder.h tests/unit/naive_inflate.h
tests_unit_test_deflate_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(ZLIB_CFLAGS)
tests_unit_test_deflate_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=realloc
tests_unit_test_deflate_LDADD = libwyecore.a $(ZLIB_LIBS) $(CMOCKA_LIBS) -lpthread

tests_unit_test_offers_SOURCES = tests/unit/test_offers.c
tests_unit_test_offers_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_offers_LDADD = libwyecore.a $(CMOCKA_LIBS)

tests_unit_test_utf8_SOURCES = tests/unit/test_utf8.c \
	tests/unit/codec_trace.h tests/unit/naive_decoder.h tests/unit/naive_inflate.h
tests_unit_test_utf8_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_utf8_LDADD = libwyecore.a $(ZLIB_LIBS) $(CMOCKA_LIBS)

tests_unit_test_delivery_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_delivery_LDADD = libwyecore.a $(ZLIB_LIBS) $(CMOCKA_LIBS) -lpthread

tests_unit_test_group_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_group_LDADD = libwyecore.a $(ZLIB_LIBS) $(CMOCKA_LIBS) -lpthread

tests_unit_test_ledger_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ledger_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc
tests_unit_test_ledger_LDADD = libwyecore.a $(ZLIB_LIBS) $(CMOCKA_LIBS)

# Those of single rooms of a connection, with a fake one.
FAKE_WS_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
tests_unit_test_backlog_SOURCES = tests/unit/test_backlog.c tests/unit/fake_ws.h
tests_unit_test_backlog_CFLAGS = $(FAKE_WS_CFLAGS)
tests_unit_test_backlog_LDADD = libwyecore.a $(ZLIB_LIBS) $(CMOCKA_LIBS)
tests_unit_test_clock_SOURCES = tests/unit/test_clock.c tests/unit/fake_ws.h
tests_unit_test_clock_CFLAGS = $(FAKE_WS_CFLAGS)
tests_unit_test_clock_LDADD = libwyecore.a $(ZLIB_LIBS) $(CMOCKA_LIBS)
tests_unit_test_rate_SOURCES = tests/unit/test_rate.c tests/unit/fake_ws.h
tests_unit_test_rate_CFLAGS = $(FAKE_WS_CFLAGS)
tests_unit_test_rate_LDADD = libwyecore.a $(ZLIB_LIBS) $(CMOCKA_LIBS)

# make tests/unit/bench_codec && tests/unit/bench_codec
EXTRA_PROGRAMS += tests/unit/bench_codec
CLEANFILES += tests/unit/bench_codec
tests_unit_bench_codec_SOURCES = tests/unit/bench_codec.c
tests_unit_bench_codec_LDADD = libwyecore.a
