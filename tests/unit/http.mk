# Tests of core/http, core/net and core/tls, and of handlers.
HTTP_TESTS = \
	tests/unit/test_blocks \
	tests/unit/test_chunks \
	tests/unit/test_farewell \
	tests/unit/test_files \
	tests/unit/test_forwarded \
	tests/unit/test_head \
	tests/unit/test_inherited \
	tests/unit/test_limits \
	tests/unit/test_names \
	tests/unit/test_pace \
	tests/unit/test_preface \
	tests/unit/test_proxy \
	tests/unit/test_rate_limit \
	tests/unit/test_redirect \
	tests/unit/test_tls \
	tests/unit/test_tls_verify

check_PROGRAMS += $(HTTP_TESTS)
TESTS += $(HTTP_TESTS)

tests_unit_test_blocks_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SSL_CFLAGS)
tests_unit_test_blocks_LDADD = libwyecore.a $(CMOCKA_LIBS) $(SSL_LIBS)
tests_unit_test_chunks_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_chunks_LDADD = libwyecore.a $(CMOCKA_LIBS)
tests_unit_test_head_SOURCES = tests/unit/test_head.c tests/unit/raw_head.h
tests_unit_test_head_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_head_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_forwarded_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_forwarded_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_inherited_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_inherited_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_limits_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_limits_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_preface_SOURCES = tests/unit/test_preface.c tests/unit/driven_loop.h
tests_unit_test_preface_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_preface_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_pace_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_pace_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_proxy_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_proxy_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_farewell_SOURCES = tests/unit/test_farewell.c tests/unit/driven_loop.h
tests_unit_test_farewell_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_farewell_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_rate_limit_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_rate_limit_LDADD = libwyecore.a $(CMOCKA_LIBS) $(CONFIG_LIBS) -lpthread
tests_unit_test_files_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_files_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_redirect_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_redirect_LDADD = libwyecore.a $(CMOCKA_LIBS)
tests_unit_test_names_SOURCES = tests/unit/test_names.c
tests_unit_test_names_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_names_LDADD = libwyecore.a $(CMOCKA_LIBS)
tests_unit_test_tls_SOURCES = tests/unit/test_tls.c tests/unit/certificate.h
tests_unit_test_tls_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SSL_CFLAGS)
tests_unit_test_tls_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=realloc
tests_unit_test_tls_LDADD = libwyecore.a $(CMOCKA_LIBS) $(SSL_LIBS) -lpthread
tests_unit_test_tls_verify_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SSL_CFLAGS)
tests_unit_test_tls_verify_LDADD = libwyecore.a $(CMOCKA_LIBS) $(SSL_LIBS) -lpthread
