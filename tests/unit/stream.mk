# Tests of core/stream.
STREAM_TESTS = \
	tests/unit/test_outbox \
	tests/unit/test_room

check_PROGRAMS += $(STREAM_TESTS)
TESTS += $(STREAM_TESTS)

tests_unit_test_outbox_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_outbox_LDADD = libwyecore.a $(CMOCKA_LIBS)

tests_unit_test_room_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
tests_unit_test_room_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
