# Tests of core/base, core/config and core/route.
BASE_TESTS = \
	tests/unit/test_attribute \
	tests/unit/test_bucket \
	tests/unit/test_calls \
	tests/unit/test_context \
	tests/unit/test_cookie \
	tests/unit/test_date \
	tests/unit/test_field \
	tests/unit/test_fleet \
	tests/unit/test_hash \
	tests/unit/test_hide \
	tests/unit/test_hosts \
	tests/unit/test_id \
	tests/unit/test_jobs \
	tests/unit/test_log \
	tests/unit/test_loop \
	tests/unit/test_mailbox \
	tests/unit/test_metric \
	tests/unit/test_multipart \
	tests/unit/test_pairs \
	tests/unit/test_places \
	tests/unit/test_ready \
	tests/unit/test_router \
	tests/unit/test_settings \
	tests/unit/test_sink \
	tests/unit/test_status \
	tests/unit/test_table \
	tests/unit/test_target \
	tests/unit/test_wheel

check_PROGRAMS += $(BASE_TESTS)
TESTS += $(BASE_TESTS)
EXTRA_DIST += tests/unit/unit.h

tests_unit_test_hide_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_hide_LDADD = libwyecore.a $(CMOCKA_LIBS)
tests_unit_test_attribute_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_attribute_LDADD = libwyecore.a $(CMOCKA_LIBS)
tests_unit_test_date_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_date_LDADD = libwyecore.a $(CMOCKA_LIBS)
tests_unit_test_id_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_id_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_loop_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_loop_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_mailbox_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_mailbox_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_metric_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_metric_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_multipart_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_multipart_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_cookie_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_cookie_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_ready_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ready_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_router_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_router_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_settings_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(CONFIG_CFLAGS)
tests_unit_test_settings_LDADD = libwyecore.a $(CMOCKA_LIBS) $(CONFIG_LIBS) -lpthread
tests_unit_test_sink_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_sink_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_wheel_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_wheel_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_target_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_target_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_pairs_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_pairs_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_hosts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_hosts_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_field_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_field_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_status_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_status_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_calls_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_calls_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_jobs_SOURCES = tests/unit/test_jobs.c tests/unit/driven_loop.h
tests_unit_test_jobs_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_jobs_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_context_SOURCES = tests/unit/test_context.c tests/unit/driven_loop.h
tests_unit_test_context_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_context_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_hash_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_hash_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_log_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_log_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_table_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_table_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc
tests_unit_test_table_LDADD = libwyecore.a $(CMOCKA_LIBS)
tests_unit_test_bucket_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_bucket_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_places_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_places_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_fleet_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_fleet_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
