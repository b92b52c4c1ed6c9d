# One guard per undocumented behaviour of an engine that wye rests on; see docs/design.md.
MHD_GUARDS = \
	tests/engine/mhd_completion \
	tests/engine/mhd_cork \
	tests/engine/mhd_first_answer \
	tests/engine/mhd_hand_over \
	tests/engine/mhd_many \
	tests/engine/mhd_null_events \
	tests/engine/mhd_pool \
	tests/engine/mhd_raw_head \
	tests/engine/mhd_recv \
	tests/engine/mhd_suspend \
	tests/engine/mhd_suspend_first

LWS_GUARDS = \
	tests/engine/lws_bytes \
	tests/engine/lws_close \
	tests/engine/lws_flush \
	tests/engine/lws_threads

check_PROGRAMS += $(MHD_GUARDS) $(LWS_GUARDS)
TESTS += $(MHD_GUARDS) $(LWS_GUARDS) tests/engine/imports
EXTRA_DIST += tests/engine/imports tests/engine/guard.h tests/engine/guard_mhd.h tests/engine/guard_lws.h

tests_engine_mhd_completion_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS)
tests_engine_mhd_completion_LDADD = $(MHD_LIBS)
tests_engine_mhd_cork_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS)
tests_engine_mhd_cork_LDADD = $(MHD_LIBS)
tests_engine_mhd_first_answer_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS)
tests_engine_mhd_first_answer_LDADD = $(MHD_LIBS)
tests_engine_mhd_hand_over_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS)
tests_engine_mhd_hand_over_LDADD = $(MHD_LIBS)
tests_engine_mhd_many_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS)
tests_engine_mhd_many_LDADD = $(MHD_LIBS)
tests_engine_mhd_null_events_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS)
tests_engine_mhd_null_events_LDADD = $(MHD_LIBS)
tests_engine_mhd_pool_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS)
tests_engine_mhd_pool_LDADD = $(MHD_LIBS)
tests_engine_mhd_raw_head_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS)
tests_engine_mhd_raw_head_LDADD = $(MHD_LIBS)
tests_engine_mhd_recv_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS)
tests_engine_mhd_recv_LDADD = $(MHD_LIBS)
tests_engine_mhd_suspend_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS)
tests_engine_mhd_suspend_LDADD = $(MHD_LIBS)
tests_engine_lws_bytes_CFLAGS = $(AM_CFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
tests_engine_lws_bytes_LDADD = $(LWS_LIBS) $(UV_LIBS) -lpthread
tests_engine_lws_close_CFLAGS = $(AM_CFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
tests_engine_lws_close_LDADD = $(LWS_LIBS) $(UV_LIBS) -lpthread
tests_engine_lws_flush_CFLAGS = $(AM_CFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
tests_engine_lws_flush_LDADD = $(LWS_LIBS) $(UV_LIBS) -lpthread
tests_engine_lws_threads_CFLAGS = $(AM_CFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
tests_engine_lws_threads_LDADD = $(LWS_LIBS) $(UV_LIBS) -lpthread
tests_engine_mhd_suspend_first_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS)
tests_engine_mhd_suspend_first_LDADD = $(MHD_LIBS)
